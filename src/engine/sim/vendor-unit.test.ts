import { expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';

// Real machines' logs: `DMAR: dmar0: reg_base_addr fed90000 …`, `DMAR: dmar1: reg_base_addr fed91000 …` (Linux prints the
// Register Base Address of each DRHD structure).
it('each VT-d unit has its registers at an address of its own', () => {
  const run = ScriptRun.of(
    [
      'machine t iommu=vtd',
      'iommu smmu0 smmuv3',
      'iommu dmar1 vtd',
      'pci 00:02.0 rciep id=8086:15f3 class=020000 iommu=dmar1',
      'boot',
      'expect-log "DMAR: dmar0: reg_base_addr fed90000 ver 1:0"',
      'expect-log "DMAR: dmar1: reg_base_addr fed91000 ver 1:0"',
    ].join('\n'),
  );
  expect(run.wrong).toEqual([]);
});
