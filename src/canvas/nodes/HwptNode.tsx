import { memo, type ReactNode } from 'react';
import type { NodeProps } from 'reactflow';
import type { HwptObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { levelNumber } from '../../words/hardware';
import { formatCount, staleOf } from '../format';
import { find } from '../layout/tree';
import { pageSize } from '../../ui/numbers';
import { CardLine, Chip, NamedHead, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

export const HwptNode = memo(function HwptNode({ data }: NodeProps<CanvasNode>) {
  const hwpt = useApp((s) => s.objects[data.id]);
  if (hwpt?.type !== 'hwpt') return null; // removed while the canvas still holds the node
  if (hwpt.nested) return <Nested hwpt={hwpt} />;
  return (
    <NodeCard object={hwpt} className={hwpt.auto ? 'hwpt auto' : 'hwpt'}>
      <NamedHead
        object={hwpt}
        // One that the kernel makes by itself never serves PASIDs.
        aside={
          <Stale hwpt={hwpt}>
            {hwpt.nestParent
              ? says.nestParent
              : hwpt.pasid
                ? says.forPasid
                : hwpt.auto
                  ? says.auto
                  : says.manual}
          </Stale>
        }
      />
      <CardLine
        words={[
          usage(hwpt),
          hwpt.dirtyTracking && says.dirtyTracking,
          hwpt.levels > 0 && formatWords(hwpt.format),
          hwpt.leaves.length > 0 && sizesOf(hwpt),
        ]}
      />
      {hwpt.levels > 0 ? <Ladder hwpt={hwpt} /> : <CardLine words={[says.aTableOfTheDriversOwn]} />}
    </NodeCard>
  );
});

/** What is wrong comes before what it is: its IOMMU still answers with what its tables do not say any more. */
function Stale({ hwpt, children }: { readonly hwpt: HwptObject; readonly children: ReactNode }) {
  const stale = useApp((s) => staleOf(s.objects, hwpt));
  if (stale === 0) return children;
  const what = says.translations(stale);
  return (
    <Chip tone="stale" title={says.theIotlbStillHolds(what, hwpt.tag ?? '')}>
      {says.staleCount(stale)}
    </Chip>
  );
}

/** Who holds it: attached devices, and what else has a reference. */
function usage({ users, deviceIds }: HwptObject): string {
  if (users === 0) return 'unused';
  const held = says.users(users);
  return deviceIds.length === 0 ? says.notAttached(held) : held;
}

/** Page sizes in it, the largest first. */
const sizesOf = ({ leaves }: HwptObject): string =>
  [...leaves]
    .filter((leaf) => leaf.count > 0)
    .sort((a, b) => b.sizeLg2 - a.sizeLg2)
    .map((leaf) => pageSize(leaf.sizeLg2))
    .join(' ');

/** A guest's own table, in front of the one that says where the guest's memory is. */
function Nested({ hwpt }: { readonly hwpt: HwptObject }) {
  return (
    <NodeCard object={hwpt} className="hwpt on-top">
      <NamedHead
        object={hwpt}
        aside={<Stale hwpt={hwpt}>{hwpt.pasid ? says.nestedPasid : says.nested}</Stale>}
      />
      <CardLine words={[usage(hwpt)]} />
      <CardLine words={[says.aTableOfTheGuests]} />
    </NodeCard>
  );
}

/** The engine's names of table formats, as people say them. */
const formatWords = (id: string): string => FORMATS[id] ?? (/^arm_/.test(id) ? armFormat(id) : id);

/** `arm_s1_4k_48_48` → `Arm stage 1, 4K` */
const armFormat = (id: string): string => {
  const [, stage = '', granule = ''] = id.split('_');
  return says.armStage(stage.slice(1), granule.toUpperCase());
};

const FORMATS: Readonly<Record<string, string>> = {
  vtdss: says.secondStage,
  amdv1: says.amdV1,
  x86_64: 'x86-64',
  riscv64: 'RISC-V',
};

/** The level of a leaf: 9 bits each, from 4 KiB on. A format may have sizes between, as several entries side by side. */
const levelOf = (sizeLg2: number): number => Math.floor((sizeLg2 - 12) / 9) + 1;

/** One cell a table level with the leaves that it holds: where a look-up stops on its way down. */
function Ladder({ hwpt }: { readonly hwpt: HwptObject }) {
  const vendor = useApp((s) => find(s.objects, hwpt.iommuId, 'iommu')?.vendor ?? 'generic');
  const lit = useApp((s) => (s.litLevel?.hwptId === hwpt.id ? s.litLevel.level : null));
  const { lightLevel } = useApp((s) => s.actions);
  const levels = Array.from({ length: hwpt.levels }, (_, i) => hwpt.levels - i);
  return (
    <div className="ladder">
      {levels.map((level) => {
        const leaves = hwpt.leaves.filter((leaf) => leaf.count > 0 && levelOf(leaf.sizeLg2) === level);
        const all = leaves.reduce((sum, leaf) => sum + leaf.count, 0);
        const sizes = leaves.map((leaf) => says.leafEntriesOf(leaf.count, pageSize(leaf.sizeLg2)));
        return (
          <div
            key={level}
            className="rung"
            data-level={level}
            data-lit={level === lit || undefined}
            onPointerEnter={() => lightLevel({ hwptId: hwpt.id, level, stage: 1 })}
            onPointerLeave={() => lightLevel(null)}
            data-empty={all === 0 || undefined}
            title={sizes.length > 0 ? sizes.join(', ') : says.levelNoLeafEntry(levelNumber(vendor, level))}
          >
            <span className="rung-level">L{levelNumber(vendor, level)}</span>
            <span className="rung-leaves">{all > 0 ? formatCount(all) : '–'}</span>
          </div>
        );
      })}
    </div>
  );
}
