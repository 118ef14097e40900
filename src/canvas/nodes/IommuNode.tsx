import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import type { IommuObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { count } from '../../ui/numbers';
import { CardHead, Chip, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';

const VENDORS = { vtd: 'VT-d', generic: 'generic' } as const;

export const IommuNode = memo(function IommuNode({ data }: NodeProps<CanvasNode>) {
  const unit = useApp((s) => s.objects[data.id]);
  if (unit?.type !== 'iommu') return null; // removed while the canvas still holds the node
  return (
    <NodeCard object={unit} className="iommu">
      <CardHead
        title={unit.title}
        aside={
          unit.faults.length > 0 ? (
            <Chip tone="fault" title={unit.faults.map((f) => f.kernelLine).join('\n')}>
              {count(unit.faults.length, 'fault')}
            </Chip>
          ) : (
            VENDORS[unit.vendor]
          )
        }
      />
      <p className="card-line">
        {unit.enabled
          ? `${unit.addressBits}-bit · ${count(unit.deviceIds.length, 'device')}`
          : 'translation off'}
      </p>
      {unit.vendor === 'generic' ? <Traits unit={unit} /> : <Meters unit={unit} />}
    </NodeCard>
  );
});

/** Why the scenario has it: what is special about it, then its pages. The inspector lists all. */
function Traits({ unit }: { readonly unit: IommuObject }) {
  const traits = (unit.traits ?? []).filter((trait) => !/^(?:driver|addresses) /.test(trait));
  const words = [...traits.toReversed(), 'no caches'].join(' · ');
  return (
    <p className="card-traits" title={words}>
      {words}
    </p>
  );
}

function Meters({ unit }: { readonly unit: IommuObject }) {
  const capacity = unit.iotlb.sets * unit.iotlb.ways;
  const used = unit.iotlb.entries.length;
  const staleTlb = unit.iotlb.entries.filter((e) => e.stale).length;
  const staleContext = unit.contextCache.filter((e) => e.stale).length;
  return (
    <div className="meters">
      <div className="meter">
        <i className="meter-lamp" />
        <span>Context cache</span>
        {staleContext > 0 && <Chip tone="stale">{staleContext} stale</Chip>}
        <b>{unit.contextCache.length}</b>
      </div>
      <div className="meter" title={`${used} of ${capacity} IOTLB entries`}>
        <i className="meter-lamp" />
        <span>IOTLB</span>
        {staleTlb > 0 && <Chip tone="stale">{staleTlb} stale</Chip>}
        <b>
          {used}
          <small>/{capacity}</small>
        </b>
      </div>
    </div>
  );
}
