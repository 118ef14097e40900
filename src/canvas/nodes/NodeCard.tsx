import type { ReactNode } from 'react';
import { Handle, Position } from 'reactflow';
import type { WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { kindOf } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { useCanvasUi } from '../canvas-ui';
import { titleOf } from '../format';
import { litPart } from '../lit';
import { isMarked } from '../marked';
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
  const selected = useApp((s) => s.selection === id || isMarked(s.marked, id));
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
  readonly object: WorldObject;
  readonly title: ReactNode;
  /** The whole title, for a pointer that rests on it. */
  readonly full: string;
  readonly aside?: ReactNode;
}

/** A node's first line: its mark, what it is called, and one thing more. */
export function CardHead({ object, title, full, aside }: CardHeadProps): ReactNode {
  return (
    <div className="card-head">
      <ObjectGlyph kind={kindOf(object)} />
      <span className="card-title" title={full}>
        {title}
      </span>
      {aside !== undefined && aside !== false && <span className="card-aside">{aside}</span>}
    </div>
  );
}

/** The head of an object of a context: what the kernel calls it, then what the script does. */
export function NamedHead({
  object,
  aside,
}: {
  readonly object: WorldObject;
  readonly aside?: ReactNode;
}): ReactNode {
  const title = titleOf(object);
  const { name } = object;
  return (
    <CardHead
      object={object}
      full={name === null ? title : `${title} ${name}`}
      title={
        <>
          {title}
          {name !== null && <span className="card-name"> {name}</span>}
        </>
      }
      aside={aside}
    />
  );
}

/** A line of words, the most important first: what does not fit as a whole can be read where a pointer rests. */
export function CardLine({ words }: { readonly words: readonly (string | false)[] }): ReactNode {
  const shown = words.filter((word) => word !== false);
  return (
    <p className="card-line card-words" title={shown.join(' · ')}>
      {shown.map((word, n) => (
        <span key={word}>{n === 0 ? word : ` · ${word}`}</span>
      ))}
    </p>
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
