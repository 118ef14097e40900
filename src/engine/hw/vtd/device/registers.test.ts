import { describe, expect, it } from 'vitest';
import { extendedCapabilities, capabilities, DEFAULT_VTD_CONFIG, SCALABLE_VTD_CONFIG } from './config';
import { Fixture } from './fixture.conformance';
import { ScalableFixture, secondStage, TE } from './scalable-fixture.conformance';

/** Expected values: VT-d document, sections 11.4.2 to 11.4.4 and 11.4.8. Offsets are this file's own. */
const PMEN = 0x64;
const bit = (word: bigint, at: number): number => Number((word >> BigInt(at)) & 1n);

describe('capabilities', () => {
  it.each<[string, number]>([
    ['writeBufferFlush', 4],
    ['cachingMode', 7],
    ['pageSelective', 39],
    ['firstStage1G', 56],
    ['firstStage5Level', 60],
    ['flushOnSetPointer', 63],
  ])('%s is CAP bit %i', (name, at) => {
    const scalable = name !== 'writeBufferFlush';
    for (const on of [false, true]) {
      const cap = capabilities({ ...DEFAULT_VTD_CONFIG, scalable, [name]: on });
      expect(bit(cap, at)).toBe(on ? 1 : 0);
    }
  });

  it.each<[string, number]>([
    ['coherent', 0],
    ['deviceTlb', 2],
    ['interruptRemapping', 3],
    ['extendedInterrupts', 4],
    ['passThrough', 6],
    ['snoopControl', 7],
    ['nested', 26],
    ['pageRequests', 29],
    ['executeRequests', 30],
    ['supervisorRequests', 31],
    ['noWriteFlag', 33],
    ['extendedAccessed', 34],
    ['pasid', 40],
    ['deviceTlbThrottle', 41],
    ['secondStageAccessDirty', 45],
    ['secondStage', 46],
    ['firstStage', 47],
    ['scalableCoherent', 48],
    ['ridPasid', 49],
    ['abortDma', 52],
    ['ridPrivilege', 53],
  ])('%s is ECAP bit %i', (name, at) => {
    for (const on of [false, true]) {
      const ecap = extendedCapabilities({ ...DEFAULT_VTD_CONFIG, ...SCALABLE_VTD_CONFIG, [name]: on });
      expect(bit(ecap, at)).toBe(on ? 1 : 0);
    }
  });

  it('without scalable mode nothing that belongs to it is told', () => {
    const ecap = extendedCapabilities({ ...DEFAULT_VTD_CONFIG, ...SCALABLE_VTD_CONFIG, scalable: false });
    expect([26, 29, 30, 31, 34, 40, 42, 43, 45, 46, 47, 48, 49].map((at) => bit(ecap, at))).toEqual(
      Array(13).fill(0),
    );
  });
});

describe('protected memory', () => {
  it('keeps devices out while translation is off; the regions stand still while they are enabled', () => {
    const f = new Fixture(0x0100, { protectedMemory: true });
    const { registers } = f.device;
    // The number of bits that are zero tells the alignment: 2 MiB.
    registers.write32(0x68, -1);
    expect(registers.read32(0x68) >>> 0).toBe(0xffe0_0000);
    registers.write32(0x68, 0x40_0000);
    registers.write32(0x6c, 0x60_0000);
    registers.write64(0x70, 0x1_0000_0000n);
    registers.write64(0x78, 0x1_0020_0000n);
    registers.write32(PMEN, 1 << 31);
    expect(registers.read32(PMEN) >>> 0).toBe(0x8000_0001);
    registers.write32(0x68, 0);
    expect(registers.read32(0x68)).toBe(0x40_0000);
    for (const [iova, allowed] of [
      [0x3f_ffffn, true],
      [0x40_0000n, false],
      [0x7f_ffffn, false],
      [0x80_0000n, true],
      [0x1_0000_0000n, false],
      [0x1_003f_ffffn, false],
      [0x1_0040_0000n, true],
    ] as const) {
      expect(f.outcome(iova, true)).toBe(allowed ? iova : 'fault 0x0');
    }
    // Blocked, but no fault. Spec: PMEN_REG
    expect(f.records()).toEqual([]);
    registers.write32(PMEN, 0);
    expect([registers.read32(PMEN), f.outcome(0x40_0000n)]).toEqual([0, 0x40_0000n]);
  });

  it('a unit without it has no such registers', () => {
    const f = new Fixture();
    f.device.registers.write32(PMEN, 1 << 31);
    expect([f.device.registers.read32(PMEN), f.outcome(0x1000n)]).toEqual([0, 0x1000n]);
  });
});

it('a write-buffer flush is done at once', () => {
  for (const writeBufferFlush of [false, true]) {
    const f = new Fixture(0x0100, { writeBufferFlush });
    f.device.registers.write32(0x18, 1 << 27);
    expect(f.device.registers.read32(0x1c) & (1 << 27)).toBe(0);
    expect(f.trace.take().some((event) => event.kind === 'guest-error')).toBe(!writeBufferFlush);
  }
});

it('register-based invalidation works in legacy mode alone', () => {
  const f = new ScalableFixture().attach(secondStage());
  f.second(4, 1, 0x5000n, 0x9000_0000n);
  f.outcome(0x5000n);
  f.device.registers.write64(0x508, (1n << 63n) | (1n << 60n));
  f.device.registers.write64(0x28, (1n << 63n) | (1n << 61n));
  expect(f.device.registers.read64(0x508) >> 57n).toBe(0n | (1n << 3n));
  expect(f.device.registers.read64(0x28) >> 59n).toBe(0n | (1n << 2n));
  expect(f.device.state.iotlb.list()).toHaveLength(1);
  expect(TE).toBe(-(2 ** 31));
});

it('faults while another event is pending raise no second interrupt', () => {
  const f = new ScalableFixture().attach(secondStage());
  f.device.registers.write32(0x38, 0);
  f.device.queue.unexpectedCompletion(0x0218);
  f.outcome(0x5000n);
  expect(f.interrupts).toEqual(['faults']);
  f.clearFaults();
  f.outcome(0x5000n);
  expect(f.interrupts).toEqual(['faults', 'faults']);
});
