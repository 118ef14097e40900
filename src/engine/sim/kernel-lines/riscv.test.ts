import { describe, expect, it } from 'vitest';
import { faultLine } from '../../hw/riscv/driver/fault-queue';
import { causeName, causeWhy, DEFINED_CAUSES } from '../../hw/riscv/reasons';
import { decodeKernelLines } from './decode';

/** Lines written by hand from the format strings of drivers/iommu/riscv/iommu.c. */
const only = (text: string) => {
  const { decoded, unknown } = decodeKernelLines(text);
  expect(unknown).toEqual([]);
  expect(decoded).toHaveLength(1);
  return decoded[0]!;
};

describe('faults', () => {
  it('as Linux prints them: numbers behind iotval have no 0x', () => {
    const line = only(
      '[   12.5] riscv,iommu 3010000.iommu: Fault 13 devid: 0x108 iotval: 12345000 iotval2: 0',
    );
    expect(line).toMatchObject({
      kind: 'fault',
      title: 'Read page fault',
      device: 'devid 0x108',
      access: 'read',
      iova: 0x1234_5000n,
      reason: 13,
    });
    expect(line.facts).toContainEqual({ name: 'as a PCI function', value: '0000:01:01.0' });
  });

  it('a guest-page fault tells the guest-physical address and what met it', () => {
    const line = only('riscv_iommu_pci 0000:00:01.0: Fault 21 devid: 0x8 iotval: 4000 iotval2: 80001003');
    expect(line.facts).toContainEqual({ name: 'guest-physical', value: '0x80001000' });
    expect(line.facts).toContainEqual({ name: 'met by', value: 'an update of a first-stage table' });
  });

  it('every cause comes back from the line that is printed for it', () => {
    for (const cause of DEFINED_CAUSES) {
      const record = [(0x12_3456n << 40n) | BigInt(cause), 0n, 0x7f00_1234_5000n, 0n];
      const line = only(`riscv,iommu 3010000.iommu: ${faultLine(record) ?? ''}`);
      expect(line).toMatchObject({
        title: causeName(cause),
        why: causeWhy(cause),
        reason: cause,
        device: 'devid 0x123456',
        iova: 0x7f00_1234_5000n,
      });
    }
    expect(DEFINED_CAUSES.length).toBeGreaterThan(25);
  });

  it('of a line that is cut only what is whole is told', () => {
    expect(only('riscv,iommu 3010000.iommu: Fault 13 devid: 0x1')).toMatchObject({
      device: null,
      iova: null,
      reason: 13,
    });
    expect(only('riscv,iommu 3010000.iommu: Fault 13 devid: 0x108 iotval: 1234')).toMatchObject({
      device: 'devid 0x108',
      iova: null,
    });
  });
});

it('queues', () => {
  expect(only('riscv,iommu 3010000.iommu: Queue #1 error; memory fault:0 overflow:1').why).toBe(
    'the queue was full, and records were lost',
  );
  expect(
    only('riscv,iommu 3010000.iommu: Queue #0 error; fault:0 timeout:0 illegal:1 fence_w_ip:0'),
  ).toMatchObject({ kind: 'error', title: 'Error of the command queue', why: 'a command is not known' });
  expect(only('riscv,iommu 3010000.iommu: Hardware error: command execution timeout').kind).toBe('error');
});
