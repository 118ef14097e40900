import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import type { HwptObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { levelNumber } from '../../ui/hardware-words';
import { formatCount, hwptTitle } from '../format';
import { find } from '../layout/tree';
import { pageSize, count } from '../../ui/numbers';
import { CardHead, NodeCard, NamedTitle } from './NodeCard';
import type { CanvasNode } from './types';

export const HwptNode = memo(function HwptNode({ data }: NodeProps<CanvasNode>) {
  const hwpt = useApp((s) => s.objects[data.id]);
  if (hwpt?.type !== 'hwpt') return null; // removed while the canvas still holds the node
  if (hwpt.nested) return <Nested hwpt={hwpt} />;
  const format = hwpt.levels > 0 ? [formatWords(hwpt.format)] : [];
  const line = [...format, ...usage(hwpt)].join(' · ');
  return (
    <NodeCard object={hwpt} className="hwpt">
      <CardHead
        title={<NamedTitle title={hwptTitle(hwpt)} name={hwpt.name} />}
        // One that the kernel makes by itself never serves PASIDs.
        aside={hwpt.nestParent ? 'nest parent' : hwpt.pasid ? 'PASID' : hwpt.auto ? 'auto' : 'manual'}
      />
      <p className="card-line" title={line}>
        {line}
      </p>
      {hwpt.levels > 0 ? <Ladder hwpt={hwpt} /> : <p className="card-line">a table of the driver’s own</p>}
    </NodeCard>
  );
});

const usage = ({ users, deviceIds }: HwptObject): readonly string[] => [
  ...(users > 0 ? [count(users, 'user')] : []),
  ...(deviceIds.length === 0 ? ['not attached'] : []),
];

/** A guest's own table, in front of the one that says where the guest's memory is. */
function Nested({ hwpt }: { readonly hwpt: HwptObject }) {
  return (
    <NodeCard object={hwpt} className="hwpt nested">
      <CardHead
        title={<NamedTitle title={hwptTitle(hwpt)} name={hwpt.name} />}
        aside={hwpt.pasid ? 'nested · PASID' : 'nested'}
      />
      <p className="card-line">{usage(hwpt).join(' · ')}</p>
      <p className="card-line">a table of the guest’s</p>
    </NodeCard>
  );
}

/** The engine's names of table formats, as people say them. */
const formatWords = (id: string): string => FORMATS[id] ?? (/^arm_/.test(id) ? armFormat(id) : id);

/** `arm_s1_4k_48_48` → `Arm stage 1, 4K` */
const armFormat = (id: string): string => {
  const [, stage = '', granule = ''] = id.split('_');
  return `Arm stage ${stage.slice(1)}, ${granule.toUpperCase()}`;
};

const FORMATS: Readonly<Record<string, string>> = {
  vtdss: 'Second stage',
  amdv1: 'AMD v1',
  x86_64: 'x86-64',
  riscv64: 'RISC-V',
};

/** The level of a leaf: 9 bits each, from 4 KiB on. A format may have sizes between, as several entries side by side. */
const levelOf = (sizeLg2: number): number => Math.floor((sizeLg2 - 12) / 9) + 1;

/** One cell a table level with the leaves that it holds: where a look-up stops on its way down. */
function Ladder({ hwpt }: { readonly hwpt: HwptObject }) {
  const vendor = useApp((s) => find(s.objects, hwpt.iommuId, 'iommu')?.vendor ?? 'generic');
  const levels = Array.from({ length: hwpt.levels }, (_, i) => hwpt.levels - i);
  return (
    <div className="ladder">
      {levels.map((level) => {
        const leaves = hwpt.leaves.filter((leaf) => leaf.count > 0 && levelOf(leaf.sizeLg2) === level);
        const all = leaves.reduce((sum, leaf) => sum + leaf.count, 0);
        const sizes = leaves.map((leaf) => `${leaf.count} leaf entries of ${pageSize(leaf.sizeLg2)}`);
        return (
          <div
            key={level}
            className="rung"
            data-level={level}
            title={sizes.length > 0 ? sizes.join(', ') : `level ${levelNumber(vendor, level)}`}
          >
            <span className="rung-level">
              L{levelNumber(vendor, level)}
              {leaves[0] && <small> {`${pageSize(leaves[0].sizeLg2)}${leaves.length > 1 ? '+' : ''}`}</small>}
            </span>
            <span className="rung-leaves">{all > 0 ? formatCount(all) : '–'}</span>
          </div>
        );
      })}
    </div>
  );
}
