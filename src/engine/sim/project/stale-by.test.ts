import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../scenario/parse';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';

const SCENES = new URL('../../../gallery/iommus/', import.meta.url);

/** The world after a scene's first line with `words`, and the tag and the count of each HWPT. */
function after(scene: string, words: string): readonly (readonly [tag: string | null, stale: number])[] {
  const run = ScriptRun.of('');
  const { lines } = parseScript(readFileSync(new URL(scene, SCENES), 'utf8'));
  const last = lines.findIndex(({ raw }) => raw.includes(words));
  expect(last).toBeGreaterThan(0);
  for (const line of lines.slice(0, last + 1)) run.simulator.execute(simLineOf(line));
  const world = run.simulator.world();
  return [...world.values()].flatMap((object) => {
    if (object.type !== 'hwpt') return [];
    const unit = world.get(object.iommuId);
    const counts = unit?.type === 'iommu' ? unit.staleBy : undefined;
    return [[object.tag, (object.tag !== null && counts?.[object.tag]) || 0] as const];
  });
}

describe('stale translations by domain', () => {
  // Each scene makes entries behind the driver's back: which ones is said by the lines that come before.
  it('VT-d: a leaf cleared without an invalidation', () => {
    expect(after('vtd-1-stale-iotlb.iommu', 'poke leaf')).toEqual([['DID 2', 1]]);
  });

  it('SMMUv3: a table that cannot be read, found by ASID under VMID 0', () => {
    expect(after('smmu-5-bad-memory.iommu', 'hazard table/2 read')).toEqual([['ASID 2', 1]]);
  });

  it('SMMUv3: a guest that stores into its own table, found by the VMID of its memory', () => {
    expect(after('smmu-2-nested.iommu', 'store ram 0x33000 "0x60f47"')[0]).toEqual(['VMID 1', 1]);
  });

  it('AMD: an entry of the device table that leads elsewhere takes all of the domain along', () => {
    expect(after('amd-6-bad-memory.iommu', 'hazard leaf read')).toEqual([['DomID 4', 1]]);
  });

  it('and none where nothing is stale', () => {
    expect(after('vtd-1-stale-iotlb.iommu', 'ATTACH').every(([, stale]) => stale === 0)).toBe(true);
  });
});
