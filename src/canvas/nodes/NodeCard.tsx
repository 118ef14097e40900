import type { ReactNode } from 'react';
import { Handle, Position } from 'reactflow';
import type { WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import { litPart } from '../lit';
import { accessibleName } from '../names';

/** DOM id of a node's element, for aria-activedescendant. */
export const domIdOf = (id: string): string => `canvas-${id.replace(/[^\w-]/g, '_')}`;

interface NodeCardProps {
  readonly object: WorldObject;
  readonly className: string;
  readonly children: ReactNode;
}

/** What every node has: a name for screen readers, and its part in selecting, focusing and connecting. */
export function NodeCard({ object, className, children }: NodeCardProps): ReactNode {
  const { id } = object;
  const name = useApp((s) => accessibleName(s.objects, object));
  const selected = useApp((s) => s.selection === id);
  const active = useCanvasUi((s) => s.activeId === id);
  const aimed = useCanvasUi((s) => s.aimId === id);
  const role = useApp((s) => {
    if (s.connecting === null) return undefined;
    if (s.connecting.deviceId === id) return 'source';
    if (s.connecting.targets.length === 0) return undefined; // still being asked
    const target = s.connecting.targets.find((t) => t.targetId === id);
    return target ? (target.ok ? 'legal' : 'illegal') : 'other';
  });
  const lit = useApp((s) => litPart(s.lit, object));
  return (
    <div
      id={domIdOf(id)}
      className={`card ${className}`}
      role="group"
      aria-label={name}
      data-selected={selected || undefined}
      data-active={active || undefined}
      data-aimed={aimed || undefined}
      data-connect={role}
      data-lit={lit}
    >
      {children}
      {object.type !== 'device' && <Ends />}
    </div>
  );
}

/** React Flow draws an edge only between handles that it finds in the document; these cannot be grabbed. */
function Ends(): ReactNode {
  return (
    <>
      <Handle type="target" position={Position.Left} className="end" isConnectable={false} aria-hidden />
      <Handle type="source" position={Position.Right} className="end" isConnectable={false} aria-hidden />
    </>
  );
}

interface CardHeadProps {
  readonly title: ReactNode;
  /** The whole title, for a pointer that rests on it. */
  readonly full?: string | undefined;
  readonly aside?: ReactNode;
}

/** A node's first line. */
export function CardHead({
  title,
  full = typeof title === 'string' ? title : undefined,
  aside,
}: CardHeadProps): ReactNode {
  return (
    <div className="card-head">
      <span className="card-title" title={full}>
        {title}
      </span>
      {aside !== undefined && <span className="card-aside">{aside}</span>}
    </div>
  );
}

interface ChipProps {
  readonly tone?: 'plain' | 'fault' | 'stale' | 'hwpt' | 'iommu' | 'warn';
  readonly title?: string;
  readonly children: ReactNode;
}

export function Chip({ tone = 'plain', title, children }: ChipProps): ReactNode {
  return (
    <span className={`chip chip-${tone}`} title={title}>
      {children}
    </span>
  );
}

/** What the kernel calls an object, and what the script does. */
export function NamedTitle({
  title,
  name,
}: {
  readonly title: string;
  readonly name: string | null;
}): ReactNode {
  return (
    <>
      {title}
      {name !== null && <span className="card-name"> {name}</span>}
    </>
  );
}
