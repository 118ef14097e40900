import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import type { IommuObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { isTableCache } from '../../words/hardware';
import { CardHead, CardLine, Chip, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

const VENDORS = {
  vtd: 'VT-d',
  amd: 'AMD-Vi',
  smmuv3: 'SMMUv3',
  riscv: 'RISC-V',
  generic: 'generic',
} as const;

export const IommuNode = memo(function IommuNode({ data }: NodeProps<CanvasNode>) {
  const unit = useApp((s) => s.objects[data.id]);
  if (unit?.type !== 'iommu') return null; // removed while the canvas still holds the node
  return (
    <NodeCard object={unit} className="iommu">
      <CardHead
        object={unit}
        title={unit.vendor === 'generic' ? unit.title : unit.id.replace(/^iommu:/, '')}
        full={unit.title}
        aside={
          unit.faults.length > 0 ? (
            <Chip tone="fault" title={unit.faults.map((f) => f.kernelLine).join('\n')}>
              × {unit.faults.length}
              <span className="near-only"> {says.faultsNoun(unit.faults.length)}</span>
            </Chip>
          ) : (
            VENDORS[unit.vendor]
          )
        }
      />
      <CardLine
        words={
          unit.enabled
            ? [says.devices(unit.deviceIds.length), `${unit.addressBits}-bit`]
            : [says.translationOff, says.devices(unit.deviceIds.length)]
        }
      />
      {unit.vendor === 'generic' ? <Traits unit={unit} /> : <Meters unit={unit} />}
    </NodeCard>
  );
});

/** Why the scenario has it: what is special about it, then its pages. The inspector lists all. */
function Traits({ unit }: { readonly unit: IommuObject }) {
  const traits = unit.traits.filter((trait) => !/^(?:driver|addresses) /.test(trait));
  const words = [...traits.toReversed(), says.noCaches].join(' · ');
  return (
    <p className="card-traits" title={words}>
      {words}
    </p>
  );
}

/** Two lamps: what the unit knows of devices and their PASIDs, and of translations. */
function Meters({ unit }: { readonly unit: IommuObject }) {
  const iotlb = unit.caches.find(({ id }) => id === 'iotlb');
  const tables = unit.caches.filter(({ id }) => isTableCache(id));
  // Interrupts are no part of a look-up.
  const entries = unit.caches.filter(({ id }) => !isTableCache(id) && id !== 'interrupt');
  return (
    <div className="meters">
      <div className="meter" title={wordsOf(entries)}>
        <i className="meter-lamp" />
        <MeterName caches={entries} />
        <StaleChip caches={entries} />
        <b>{entries.map(({ used }) => used).join(' + ')}</b>
      </div>
      <div className="meter" title={wordsOf(tables)}>
        <i className="meter-lamp" />
        <span className="meter-name">{says.iotlb}</span>
        <StaleChip caches={tables} />
        {iotlb && iotlb.size > 0 ? (
          <b>
            {iotlb.used}
            <small>/{iotlb.size}</small>
          </b>
        ) : (
          <b>{says.none}</b>
        )}
      </div>
    </div>
  );
}

type Caches = IommuObject['caches'];

const wordsOf = (caches: Caches): string =>
  caches.map(({ name, used, size, stale }) => says.cacheUse(name, used, size, stale)).join('\n');

/** `Context cache`, `Context + PASID`, `STE + CD`: what has no room is left out, from the end. */
function MeterName({ caches }: { readonly caches: Caches }) {
  const [only] = caches;
  const whole = caches.length === 1 && only && only.name.length <= LONGEST ? only.name.split(' ') : null;
  const words = whole ?? caches.map(({ id }) => SHORT[id] ?? id.toUpperCase());
  return (
    <span className="meter-name">
      {words.map((word, at) => (
        <span key={word}>{at === 0 ? word : whole === null ? ` + ${word}` : ` ${word}`}</span>
      ))}
    </span>
  );
}

/** A longer name has no room at any size. */
const LONGEST = 15;

const SHORT: Readonly<Record<string, string>> = { context: says.context, ddt: 'DC', pdt: 'PC' };

function StaleChip({ caches }: { readonly caches: Caches }) {
  const stale = caches.reduce((sum, cache) => sum + cache.stale, 0);
  return stale > 0 && <Chip tone="stale">{says.staleCount(stale)}</Chip>;
}
