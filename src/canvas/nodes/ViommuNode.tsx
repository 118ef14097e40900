import { memo, type ReactNode } from 'react';
import type { NodeProps } from 'reactflow';
import type { WorldObject } from '../../engine/sim/world';
import { hex } from '../../lib/u64';
import { useApp } from '../../store/index';
import { byteSize } from '../../ui/numbers';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { kindOf } from '../../ui/kinds';
import { shortBdf, titleOf, typeWord } from '../format';
import { find } from '../layout/tree';
import { CardLine, Chip, NamedHead, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

/** A frame: what a guest has of the IOMMU stands in it. */
export const ViommuNode = memo(function ViommuNode({ data }: NodeProps<CanvasNode>) {
  const viommu = useApp((s) => s.objects[data.id]);
  const unit = useApp((s) =>
    viommu?.type === 'viommu' ? (find(s.objects, viommu.iommuId, 'iommu')?.title ?? null) : null,
  );
  if (viommu?.type !== 'viommu') return null; // destroyed while the canvas still holds the node
  return (
    <NodeCard object={viommu} className="viommu">
      <NamedHead object={viommu} aside={typeWord(viommu.kind)} />
      <CardLine words={[unit === null ? says.sliceOfAnIommu : says.sliceOf(unit)]} />
    </NodeCard>
  );
});

export const VdeviceNode = memo(function VdeviceNode({ data }: NodeProps<CanvasNode>) {
  const vdevice = useApp((s) => s.objects[data.id]);
  const bdf = useApp((s) => {
    const idev = vdevice?.type === 'vdevice' ? find(s.objects, vdevice.idevId, 'idev') : null;
    return idev === null ? null : (find(s.objects, idev.deviceId, 'device')?.bdf ?? null);
  });
  if (vdevice?.type !== 'vdevice') return null; // destroyed while the canvas still holds the node
  return (
    <Part object={vdevice} className="part-device">
      <b>{hex(vdevice.virtId)}</b>
      <span title={bdf === null ? undefined : says.theGuestsIs(hex(vdevice.virtId), bdf)}>
        {bdf === null ? says.unbound : says.is(shortBdf(bdf))}
      </span>
    </Part>
  );
});

export const VeventqNode = memo(function VeventqNode({ data }: NodeProps<CanvasNode>) {
  const queue = useApp((s) => s.objects[data.id]);
  if (queue?.type !== 'veventq') return null; // destroyed while the canvas still holds the node
  return (
    <Part object={queue} className="part-queue">
      <span title={says.eventsOf(typeWord(queue.kind))}>{says.events}</span>
      {queue.lost && (
        <Chip tone="stale" title={says.moreCameThanTheQueueHolds}>
          {says.lost}
        </Chip>
      )}
      <b>
        {queue.queued}/{queue.depth}
      </b>
    </Part>
  );
});

export const HwQueueNode = memo(function HwQueueNode({ data }: NodeProps<CanvasNode>) {
  const queue = useApp((s) => s.objects[data.id]);
  if (queue?.type !== 'hw-queue') return null; // destroyed while the canvas still holds the node
  return (
    <Part object={queue} className="part-queue">
      <span title={says.hwQueue(queue.index)}>{says.hwQueue(queue.index)}</span>
      <b>{byteSize(queue.bytes)}</b>
    </Part>
  );
});

interface PartProps {
  readonly object: WorldObject;
  readonly className: string;
  readonly children: ReactNode;
}

/** No room for the name of its kind: the mark has to do. */
const Part = ({ object, className, children }: PartProps) => (
  <NodeCard object={object} className={`part ${className}`}>
    <i className="part-mark" title={titleOf(object)}>
      <ObjectGlyph kind={kindOf(object)} />
    </i>
    {children}
  </NodeCard>
);
