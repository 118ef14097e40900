import { describe, expect, it } from 'vitest';
import { ScriptRun, scenarioFiles } from '../../testing/run-script';
import { orderAllows } from '../kernel/lock-order';

// The order is the kernel's: see kernel/lock-order.ts.
describe('locks are taken in the kernel’s order', () => {
  it.each(scenarioFiles())('$name', ({ script }) => {
    const { wrong, simulator } = ScriptRun.of(script);
    expect(wrong).toEqual([]);
    const { reports, observed } = simulator.lockdep!;
    expect(reports.map((report) => report.text)).toEqual([]);
    const strange = observed.filter(({ outer, inner }) => orderAllows(outer, inner) !== true);
    expect(strange.map(({ outer, inner, line }) => `${inner} under ${outer} at line ${line}`)).toEqual([]);
  });

  it('and the scenarios together show most of it: attach, replace, map, unmap, detach, destroy', () => {
    const seen = new Set<string>();
    for (const { script } of scenarioFiles()) {
      for (const edge of ScriptRun.of(script).simulator.lockdep!.observed)
        seen.add(`${edge.outer} → ${edge.inner}`);
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'device->dev_set->lock → ioas->mutex',
        'ioas->mutex → igroup->lock',
        'igroup->lock → iopt->iova_rwsem',
        'igroup->lock → group->mutex',
        'ioas->mutex → iopt->domains_rwsem',
        'iopt->domains_rwsem → iopt->iova_rwsem',
        'iopt->iova_rwsem → pages->mutex',
        'iommu_probe_device_lock → group->mutex',
      ]),
    );
  }, 60_000);
});
