import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { listener } from '../../../trace/trace';
import type { SmmuConfig } from './config';
import { SmmuV3 } from './device';

/** Cases of the register tests of OpenVMM's SMMU emulator (vm/devices/iommu/smmu/src/emulator.rs), told again. */
const SMALL: Partial<SmmuConfig> = {
  s2p: false,
  httu: 0,
  hyp: false,
  ats: false,
  pri: false,
  msi: false,
  sev: false,
  cd2l: false,
  stLevel: false,
  atsrecerr: false,
  stallModel: 1,
  termModel: true,
  ssidsize: 0,
  eventqs: 8,
  oas: 40,
  had: false,
  xnx: false,
  fwb: false,
  ril: false,
  bbml: 0,
  gran16k: false,
  gran64k: false,
  stallMax: 0,
  iidr: 0,
};

const unit = (config: Partial<SmmuConfig> = SMALL): SmmuV3['registers'] =>
  new SmmuV3(config, { memory: new PhysicalMemory() }).registers;

describe('SMMUv3 registers', () => {
  it('test_idr_readback: identification registers', () => {
    const bus = unit();
    // S1P, TTF AArch64, COHACC, ASID16, TTENDIAN little, STALL_MODEL 1, TERM_MODEL.
    expect(bus.read32(0x00)).toBe(
      (1 << 1) | (2 << 2) | (1 << 4) | (1 << 12) | (2 << 21) | (1 << 24) | (1 << 26),
    );
    expect(bus.read32(0x04)).toBe(16 | (8 << 16) | (8 << 21));
    expect([0x08, 0x0c, 0x10].map((offset) => bus.read32(offset))).toEqual([0, 0, 0]);
    expect(bus.read32(0x14)).toBe(2 | (1 << 4)); // OAS 40 bits, GRAN4K
    expect(bus.read32(0x18)).toBe(0);
    expect(bus.read32(0x1c)).toBe(3);
  });

  it('a full unit tells all it can', () => {
    const bus = unit({ attrTypesOvr: true, attrPermsOvr: true, vax: true, oas: 52, pps: true, stt: true });
    const idr0 = bus.read32(0x00) >>> 0;
    // S2P S1P TTF COHACC HTTU=2 HYP ATS ASID16 MSI SEV PRI VMID16 CD2L TTENDIAN=2 ATSRECERR ST_LEVEL=1
    expect(idr0).toBe(
      (1 |
        2 |
        8 |
        16 |
        (2 << 6) |
        (1 << 9) |
        (1 << 10) |
        (1 << 12) |
        (1 << 13) |
        (1 << 14) |
        (1 << 16) |
        (1 << 18) |
        (1 << 19) |
        (2 << 21) |
        (1 << 23) |
        (1 << 27)) >>>
        0,
    );
    expect(bus.read32(0x04)).toBe(16 | (20 << 6) | (8 << 11) | (7 << 16) | (8 << 21) | (1 << 26) | (1 << 27));
    // HAD XNX PPS FWB STT RIL BBML=2
    expect(bus.read32(0x0c)).toBe(
      (1 << 2) | (1 << 4) | (1 << 5) | (1 << 8) | (1 << 9) | (1 << 10) | (2 << 11),
    );
    expect(bus.read32(0x14)).toBe(6 | (7 << 4) | (1 << 10) | (16 << 16));
    expect(bus.read32(0x44)).toBe(1 << 12); // GBPA.SHCFG: use incoming
  });

  it('HYP and VMID16 need stage 2, PRI needs ATS', () => {
    expect(unit({ s2p: false }).read32(0) & ((1 << 9) | (1 << 18) | 1)).toBe(0);
    expect(unit({ ats: false }).read32(0) & ((1 << 16) | (1 << 10))).toBe(0);
  });

  it('test_cr0_ack_echo, test_cr0_enable_sequence: CR0ACK follows CR0', () => {
    const bus = unit();
    for (const value of [8, 8 | 4, 8 | 4 | 1]) {
      bus.write32(0x20, value);
      expect([bus.read32(0x20), bus.read32(0x24)]).toEqual([value, value]);
    }
  });

  it('test_cr0_sanitizes_unsupported_fields: PRIQEN and ATSCHK exist where PRI and ATS do', () => {
    const small = unit();
    small.write32(0x20, -1);
    expect([small.read32(0x20), small.read32(0x24)]).toEqual([0b1101, 0b1101]);
    const full = unit({});
    full.write32(0x20, -1);
    expect(full.read32(0x24)).toBe(0b11111);
  });

  it('test_strtab_base_readback', () => {
    const bus = unit();
    const base = 0x1234_5678_9a80n | (1n << 62n);
    bus.write64(0x80, base);
    expect(bus.read64(0x80)).toBe(base);
    bus.write32(0x88, 10);
    expect(bus.read32(0x88)).toBe(10);
  });

  it('test_irq_ctrl_ack', () => {
    const bus = unit();
    bus.write32(0x50, 0b101);
    expect(bus.read32(0x54)).toBe(0b101);
    bus.write32(0x50, 0b111);
    expect(bus.read32(0x54)).toBe(0b101); // no PRI queue here
  });

  it.each([
    ['test_gbpa_update_bit', 1 << 31, 0],
    ['test_gbpa_sanitizes_reserved_and_unsupported_fields', -1, 1 << 20],
    ['test_gbpa_without_update_is_ignored', 1 << 20, 0],
  ])('%s', (_, written, read) => {
    const bus = unit();
    bus.write32(0x44, written);
    expect(bus.read32(0x44)).toBe(read);
  });

  it('test_page1_register_access: indices have as many bits as the queue, and PROD is fixed while it is on', () => {
    const bus = unit();
    bus.write64(0xa0, 3n);
    bus.write32(0x1_00a8, (1 << 31) | 3);
    expect(bus.read32(0x1_00a8)).toBe((1 << 31) | 3);
    bus.write32(0x1_00ac, (1 << 19) | 3);
    expect(bus.read32(0x1_00ac)).toBe(3);
    bus.write32(0x20, 4);
    bus.write32(0x1_00a8, 4);
    expect(bus.read32(0x1_00a8)).toBe((1 << 31) | 3);
  });

  it('test_readonly_regs_ignore_writes', () => {
    const bus = unit();
    for (const offset of [0x00, 0x04, 0x0c, 0x14, 0x18, 0x1c, 0x24, 0x54, 0x60, 0x40, 0xf00, 0x1_0000]) {
      const before = bus.read32(offset);
      bus.write32(offset, 0x5ead_beef);
      expect(bus.read32(offset)).toBe(before);
    }
  });

  it('test_cmdq_base_readback, test_evtq_base_readback', () => {
    const bus = unit();
    bus.write64(0x90, 0x8000_0008n);
    bus.write64(0xa0, 0xa000_0008n);
    expect([bus.read64(0x90), bus.read64(0xa0)]).toEqual([0x8000_0008n, 0xa000_0008n]);
  });

  it('test_msi_config_registers', () => {
    const bus = unit();
    for (const at of [0x68, 0xb0, 0xd0]) {
      bus.write64(at, 0x0000_ba98_7654_3210n);
      bus.write32(at + 8, 0x2abb_ccdd);
      bus.write32(at + 12, 0xf);
      expect([bus.read64(at), bus.read32(at + 8), bus.read32(at + 12)]).toEqual([
        0x0000_ba98_7654_3210n,
        0x2abb_ccdd,
        0xf,
      ]);
    }
  });

  it('test_cr1_cr2_readback', () => {
    const bus = unit();
    bus.write32(0x28, 0xd75);
    expect(bus.read32(0x28)).toBe(0xd75);
    bus.write32(0x2c, 2);
    expect(bus.read32(0x2c)).toBe(2);
  });

  it('test_cmdq_prod_readback', () => {
    const bus = unit();
    bus.write32(0x98, 5);
    expect(bus.read32(0x98)).toBe(5);
  });

  it('test_cmdq_cons_writable_when_disabled', () => {
    const bus = unit();
    bus.write32(0x9c, 5);
    expect(bus.read32(0x9c)).toBe(5);
    bus.write64(0x90, 0x20_0005n);
    bus.write32(0x9c, 0);
    bus.write32(0x20, 8);
    bus.write32(0x9c, 0x10);
    expect(bus.read32(0x9c)).toBe(0);
  });

  /** Spec: sections 6.3.9 to 6.3.31, "This register is read-only when …" */
  it.each([
    [0x80, 1],
    [0x88, 1],
    [0x2c, 1],
    [0x90, 8],
    [0xa0, 4],
  ])('register 0x%s is fixed while CR0 0x%s is set', (offset, enable) => {
    const bus = unit({});
    bus.write32(offset, 0x40);
    const before = bus.read32(offset);
    bus.write32(0x20, enable);
    bus.write32(offset, 0x80);
    expect(bus.read32(offset)).toBe(before);
    bus.write32(0x20, 0);
    bus.write32(offset, offset === 0x2c ? 4 : 0x80);
    expect(bus.read32(offset)).not.toBe(before);
  });

  it.each([
    [0x68, 1],
    [0xb0, 4],
    [0xd0, 2],
  ])('message 0x%s is fixed while its interrupt is enabled', (offset, enable) => {
    const bus = unit({});
    bus.write32(0x50, enable);
    bus.write32(offset + 8, 7);
    expect(bus.read32(offset + 8)).toBe(0);
    bus.write32(0x50, 7 & ~enable);
    bus.write32(offset + 8, 7);
    expect(bus.read32(offset + 8)).toBe(7);
  });

  it('each half of CR1 is fixed while what it is about is on', () => {
    const bus = unit({});
    bus.write32(0x20, 1);
    bus.write32(0x28, 0xfff);
    expect(bus.read32(0x28)).toBe(0x03f);
    bus.write32(0x20, 8);
    bus.write32(0x28, 0xfc0);
    expect(bus.read32(0x28)).toBe(0xfff);
  });

  it('what software did wrong is told', () => {
    const told: string[] = [];
    const trace = listener((event) => void told.push('text' in event ? event.text : ''));
    const bus = new SmmuV3({}, { memory: new PhysicalMemory(), trace }).registers;
    bus.write32(0x20, 1);
    bus.write32(0x88, 8);
    bus.write32(0x64, 1);
    expect(told).toEqual([
      'write of 0x8 to STRTAB_BASE_CFG while it is in use: ignored',
      'GERRORN acknowledges errors that are not active',
    ]);
  });
});
