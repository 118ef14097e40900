import { describe, expect, it } from 'vitest';
import { transfer } from '../../common/dma';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { VtdDevice } from './device';

/**
 * kvm-unit-tests, x86/intel-iommu.c (cd5f2fb4) over lib/x86/intel-iommu.c: its 11 reports under their names, the words it
 * writes, what it expects. The edu device is a buffer with two DMA directions; an interrupt is the message that remapping
 * makes of the one the device (or the IOAPIC, by its entry) sends.
 */
const ROOT = 0x20_0000;
const IRT = 0x30_0000;
const CONTEXT = 0x40_0000;
const TABLES = [0x41_0000, 0x41_1000, 0x41_2000] as const;
const PAGE = 0x50_0000;
const EDU = 0x0020; // 00:04.0
const WORD = Uint8Array.of(0x78, 0x56, 0x34, 0x12);

function started() {
  const memory = new PhysicalMemory([{ startPfn: 0, lastPfn: 0xffff }]);
  const device = new VtdDevice({}, { memory });
  const { registers } = device;
  /** vtd_gcmd_or(): one bit more, and what is on stays on. */
  const command = (bit: number): void => registers.write32(0x18, registers.read32(0x1c) | bit);
  const put = (pa: number, ...words: bigint[]): void =>
    words.forEach((word, n) => memory.writeU64(pa + n * 8, word));
  command(1 << 26);
  registers.write64(0x20, BigInt(ROOT));
  command(1 << 30);
  registers.write64(0xb8, BigInt(IRT) | 0xfn);
  command(1 << 24);
  command(1 << 31);
  command(1 << 25);
  return { memory, device, registers, put };
}

describe('vtd_init', () => {
  const status = (): number => started().registers.read32(0x1c);
  const cap = (): bigint => started().registers.read64(0x08);
  const bit = (at: number): number => (status() >>> at) & 1;

  it('vtd_dump_init_info(): the major version is 1 at least', () =>
    expect((started().registers.read32(0) >> 4) & 0xf).toBe(1));
  it('fault status check', () => expect(started().registers.read32(0x34)).toBe(0));
  it('QI enablement', () => expect(bit(26)).toBe(1));
  it('DMAR table setup', () => expect(bit(30)).toBe(1));
  it('IR table setup', () => expect(bit(24)).toBe(1));
  it('DMAR enablement', () => expect(bit(31)).toBe(1));
  it('IR enablement', () => expect(bit(25)).toBe(1));
  it('DMAR support 39 bits address width', () => expect((cap() >> 9n) & 1n).toBe(1n));
  it('DMAR support huge pages', () => expect((cap() >> 34n) & 1n).toBe(1n));
});

it('vtd_dmar: DMAR 4B memcpy test', () => {
  const { memory, device, put } = started();
  // vtd_map_range(): three levels, the domain id is the source id, faults are silent.
  put(ROOT, BigInt(CONTEXT) | 1n, 0n);
  put(CONTEXT + EDU * 16, BigInt(TABLES[0]) | 3n, 1n | (BigInt(EDU) << 8n));
  put(TABLES[0], BigInt(TABLES[1]) | 3n);
  put(TABLES[1], BigInt(TABLES[2]) | 3n);
  put(TABLES[2], BigInt(PAGE) | 3n);
  memory.write(PAGE, WORD);
  const dma = (iova: bigint, data?: Uint8Array) =>
    transfer(device, memory, { device: 'edu', rid: EDU, iova, bytes: 4, ...(data && { data }) })[0]!;
  const buffer = dma(0n).data!;
  expect(buffer).toEqual(WORD);
  expect(dma(4n, buffer).pa).toBe(PAGE + 4);
  expect(memory.read(PAGE + 4, 4)).toEqual(WORD);
  expect(dma(0x1000n).pa).toBeNull();
  expect(device.registers.read32(0x34)).toBe(0);
});

describe('vtd_ir', () => {
  const irte = (vector: number): [bigint, bigint] => [
    (BigInt(vector) << 16n) | 3n, // P, FPD; fixed, physical, edge
    BigInt(EDU) | (1n << 18n), // full SID
  ];

  it.each([
    ['IR IOAPIC', 1, 0xed],
    ['IR MSI', 2, 0xee],
  ] as const)('%s', (_, index, vector) => {
    const { device, put } = started();
    put(IRT + index * 16, ...irte(vector));
    // vtd_setup_msi(): head 0xfee, handle, interrupt format 1, no subhandle.
    const address = 0xfee0_0000 + (index << 5) + 0x10;
    expect(device.interrupt(EDU, address, new Uint8Array(4))).toBe(true);
    expect(device.lastInterrupt).toMatchObject({ vector, destination: 0, type: 0, level: false });
    expect(device.interrupt(EDU + 8, address, new Uint8Array(4))).toBe(false);
  });
});
