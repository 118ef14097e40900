import { expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';
it('x', () => {
  const run = ScriptRun.of(['machine t iommu=riscv', 'pci 00:02.0 rciep id=8086:15f3 class=020000'].join('\n'));
  for (const line of ['driver 00:02.0 vfio-pci', 'ctx = open /dev/iommu', 'dev = BIND ctx 00:02.0']) { const r = run.line(line); console.log(line, JSON.stringify(r)); }
  expect(1).toBe(1);
});
