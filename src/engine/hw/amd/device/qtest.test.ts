import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TestMachine } from '../../common/iommu-testdev.conformance';
import { AmdIommu } from './device';

/**
 * QEMU's qtest of the AMD IOMMU, as a black box: the words that it writes, the results that it expects.
 *
 * Source: tests/qtest/amd-iommu-test.c (e95df981).
 */
const COMMANDS = 0x20_0000;
const LENGTH = 8n;
const ENTRIES = 256;

function machine(): TestMachine {
  const memory = new PhysicalMemory([{ startPfn: 0, lastPfn: 0xffff }]);
  const s = new TestMachine(memory, new AmdIommu({}, { memory }));
  // COMPLETION_WAIT without S and I: nothing to do.
  for (let n = 0; n < ENTRIES; n++) s.put(COMMANDS + n * 16, 1n << 60n, 0n);
  s.writeq(0x08, BigInt(COMMANDS) | (LENGTH << 56n));
  s.writeq(0x18, 1n | (1n << 12n)); // IommuEn, CmdBufEn
  return s;
}

describe('amd-iommu-test.c', () => {
  it('/q35/amd-iommu/cmdbuf-head-wrap', () => {
    const s = machine();
    s.writeq(0x2008, BigInt(ENTRIES - 1) * 16n);
    expect(s.readq(0x2000)).toBe(BigInt(ENTRIES - 1) * 16n);
    s.writeq(0x2008, 0n);
    expect(s.readq(0x2000) & 0x7_fff0n).toBe(0n);
  });

  it('and the command in the last entry was done: a wait there stores its word', () => {
    const s = machine();
    s.put(COMMANDS + (ENTRIES - 1) * 16, (1n << 60n) | 0x30_0001n, 0x1234_5678n);
    s.writeq(0x2008, BigInt(ENTRIES - 1) * 16n);
    expect(s.memory.readU64(0x30_0000)).toBe(0n);
    s.writeq(0x2008, 0n);
    expect(s.memory.readU64(0x30_0000)).toBe(0x1234_5678n);
  });
});
