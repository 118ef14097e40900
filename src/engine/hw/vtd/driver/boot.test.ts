import { describe, expect, it } from 'vitest';
import { FakeUnit, SCALABLE, type LogEntry } from './fake-unit.conformance';

const NAMES: Readonly<Record<number, string>> = {
  0x18: 'GCMD',
  0x20: 'RTADDR',
  0x34: 'FSTS',
  0x38: 'FECTL',
  0x3c: 'FEDATA',
  0x40: 'FEADDR',
  0x44: 'FEUADDR',
  0x88: 'IQT',
  0x90: 'IQA',
  0xb8: 'IRTA',
  0xc0: 'PQH',
  0xc8: 'PQT',
  0xd0: 'PQA',
  0xe0: 'PECTL',
  0xe4: 'PEDATA',
  0xe8: 'PEADDR',
  0xec: 'PEUADDR',
};
const show = (log: readonly LogEntry[]): string[] =>
  log.flatMap((entry) => {
    if (entry.kind === 'register')
      return [`${NAMES[entry.offset] ?? entry.offset} ${entry.value.toString(16)}`];
    if (entry.kind === 'descriptor') return [`descriptor ${entry.words[0].toString(16)}`];
    return [];
  });

/** Expected: intel_setup_irq_remapping(), init_dmars(), intel_iommu_enable_prq(), dmar_set_interrupt(), in their order. */
describe('boot', () => {
  it('scalable mode: wide descriptors, a root table of scalable entries, the page request queue', () => {
    const u = new FakeUnit();
    u.driver.enableTranslation();
    expect(show(u.take())).toEqual([
      'IQT 0',
      'IQA 100801', // DW, two pages
      'GCMD 4000000',
      'IRTA 20080f',
      'GCMD 5000000',
      'IQT 40', // two descriptors of 32 bytes
      'descriptor 4',
      'descriptor 200000025',
      'GCMD 6000000',
      'RTADDR 103400', // SMT
      'GCMD 46000000',
      'IQT 80',
      'descriptor 11', // context cache, global
      'descriptor 200000025',
      'IQT c0',
      'descriptor 37', // PASID cache, global
      'descriptor 200000025',
      'IQT 100',
      'descriptor d2', // IOTLB, global, DW, DR
      'descriptor 200000025',
      'PEDATA 22',
      'PEADDR fee00000',
      'PEUADDR 0',
      'PECTL 0',
      'PQH 0',
      'PQT 0',
      'PQA 110004', // 64 KiB
      'FEDATA 21',
      'FEADDR fee00000',
      'FEUADDR 0',
      'FECTL 0',
      'GCMD 86000000',
    ]);
  });

  it('sm_off: legacy root table, but the queue stays wide, for that is what ECAP.SMTS decides', () => {
    const u = new FakeUnit({ driver: { legacy: true } });
    const log = show(u.take());
    expect(log).toContain('IQA 100801');
    expect(log).toContain('RTADDR 103000');
    expect(log).not.toContain('descriptor 37');
    expect(u.driver.maxPasids).toBe(0);
  });

  it('ESRTPS: the hardware flushes by itself; RWBF: the write buffer is flushed before and after', () => {
    const quiet = show(new FakeUnit({ cap: ['esrtps'] }).take());
    expect(quiet.filter((line) => line.startsWith('descriptor'))).toEqual([
      'descriptor 4',
      'descriptor 200000025',
    ]);
    const buffered = show(new FakeUnit({ cap: ['rwbf', 'esrtps'] }).take());
    const root = buffered.indexOf('RTADDR 103400');
    expect(buffered.slice(root - 1, root + 3)).toEqual([
      'GCMD e000000',
      'RTADDR 103400',
      'GCMD 46000000',
      'GCMD e000000',
    ]);
  });

  it('no page request queue without ECAP.PRS', () => {
    const u = new FakeUnit({ ecap: SCALABLE.filter((bit) => bit !== 'prs') });
    expect(show(u.take()).filter((line) => line.startsWith('P'))).toEqual([]);
  });

  it('PASIDs follow ECAP.PSS; a unit whose stages have no width in common is not used', () => {
    expect(new FakeUnit().driver.maxPasids).toBe(2 ** 20);
    expect(new FakeUnit({ ecap: SCALABLE.filter((bit) => bit !== 'pasid') }).driver.maxPasids).toBe(0);
    expect(() => new FakeUnit({ widthBits: 39 })).toThrow(/^ENODEV/);
  });
});
