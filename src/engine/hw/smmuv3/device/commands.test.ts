import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../../port';
import {
  CMDQ,
  CMDQ_CONS,
  CMDQ_PROD,
  CMDQEN,
  CR0,
  Fixture,
  GERROR,
  GERRORN,
  MSI,
  NO_RAM,
} from './fixture.conformance';

const SYNC = 0x46n;
const word = (high: bigint, low: bigint): bigint => (high << 32n) | low;

describe('SMMUv3 command queue', () => {
  it('test_cmdq_basic_consumption, test_cmdq_linux_reset_sequence', () => {
    const f = new Fixture();
    f.command([0x04n, 31n], [0x30n, 0n], [SYNC | (2n << 12n), 0n]);
    expect(f.read(CMDQ_CONS)).toBe(3);
    f.command([0x20n, 0n], [SYNC | (2n << 12n), 0n]);
    expect(f.read(CMDQ_CONS)).toBe(5);
    expect(f.read(GERROR)).toBe(0);
    expect(f.device.commands.done).toBe(5);
  });

  it('test_cmdq_sync_msi_write: the data is written to the address', () => {
    const f = new Fixture();
    f.command([SYNC | (1n << 12n) | word(0xdead_beefn, 0n), BigInt(MSI)]);
    expect(f.memory.readU64(MSI)).toBe(0xdead_beefn);
    expect(f.read(CMDQ_CONS)).toBe(1);
    expect(f.interrupts).toEqual([]);
  });

  it('CMD_SYNC with SIG_IRQ and no address, or in a unit without messages, uses the wire', () => {
    const wire = new Fixture();
    wire.command([SYNC | (1n << 12n) | word(7n, 0n), 0n]);
    expect(wire.interrupts).toEqual(['commands']);
    const f = new Fixture({ msi: false });
    f.command([SYNC | (1n << 12n) | word(7n, 0n), BigInt(MSI)]);
    expect(f.interrupts).toEqual(['commands']);
    expect(f.memory.readU64(MSI)).toBe(0n);
  });

  it('SIG_NONE and SIG_SEV signal nothing here', () => {
    const f = new Fixture();
    f.command([SYNC, BigInt(MSI)], [SYNC | (2n << 12n) | word(7n, 0n), BigInt(MSI)]);
    expect(f.interrupts).toEqual([]);
    expect(f.memory.readU64(MSI)).toBe(0n);
  });

  it('a message that goes nowhere is a global error, and the command is done all the same', () => {
    const f = new Fixture();
    f.command([SYNC | (1n << 12n) | word(7n, 0n), BigInt(NO_RAM)]);
    expect(f.read(CMDQ_CONS)).toBe(1);
    expect(f.read(GERROR)).toBe(1 << 4); // MSI_CMDQ_ABT_ERR
    expect(f.interrupts).toEqual(['errors']);
  });

  it('test_cmdq_wrap: the index wraps, its wrap bit toggles', () => {
    const f = new Fixture();
    f.write(CR0, 0);
    f.write64(0x90, BigInt(CMDQ) | 3n);
    f.write(CR0, CMDQEN);
    for (let n = 0; n < 8; n++) f.put(CMDQ + n * 16, 0x04n, 31n);
    f.write(CMDQ_PROD, 8);
    expect(f.read(CMDQ_CONS)).toBe(8);
    f.put(CMDQ, 0x10n, 0n);
    f.write(CMDQ_PROD, 9);
    expect(f.read(CMDQ_CONS)).toBe(9);
    f.write(CMDQ_PROD, 0);
    expect(f.read(CMDQ_CONS)).toBe(0);
    expect(f.device.commands.done).toBe(16);
  });

  it('test_cmdq_log2size_clamped_to_idr1', () => {
    const f = new Fixture({ cmdqs: 4 });
    f.write(CR0, 0);
    f.write64(0x90, BigInt(CMDQ) | 20n);
    expect(f.device.commands.ring.size).toBe(16);
    f.write64(0x90, BigInt(CMDQ) | 2n);
    expect(f.device.commands.ring.size).toBe(4);
  });

  it('test_cmdq_unknown_opcode, test_cmdq_error_stops_processing: CERROR_ILL, until GERRORN acknowledges it', () => {
    const f = new Fixture();
    f.command([0xffn, 0n], [0x10n, 0n]);
    expect(f.read(CMDQ_CONS)).toBe((1 << 24) | 0);
    expect(f.read(GERROR)).toBe(1);
    expect(f.interrupts).toEqual(['errors']);
    f.write(CMDQ_PROD, 2);
    expect(f.read(CMDQ_CONS) & 0xf_ffff).toBe(0);
    // Software makes it a CMD_SYNC and acknowledges, as Linux does: all that waits is consumed without another kick.
    f.put(CMDQ, SYNC, 0n);
    f.write(GERRORN, 1);
    expect(f.read(CMDQ_CONS)).toBe(2);
  });

  it('a handler that mends the command within the interrupt has the queue go on', () => {
    const f = new Fixture();
    f.onInterrupt = () => {
      f.put(CMDQ, SYNC, 0n);
      f.write(GERRORN, f.read(GERROR));
    };
    f.command([0xffn, 0n], [0x10n, 0n]);
    expect(f.read(CMDQ_CONS)).toBe(2);
    expect(f.interrupts).toEqual(['errors']);
  });

  it('test_cmdq_disabled: commands wait until the queue is enabled', () => {
    const f = new Fixture();
    f.write(CR0, 0);
    f.command([0x10n, 0n]);
    expect(f.read(CMDQ_CONS)).toBe(0);
    f.write(CR0, CMDQEN);
    expect(f.read(CMDQ_CONS)).toBe(1);
  });

  it('test_cmd_sync_reserved_cs_causes_cerror_ill', () => {
    const f = new Fixture();
    f.command([SYNC | (3n << 12n), 0n]);
    expect(f.commandError).toBe(1);
  });

  it('a queue that is no memory: CERROR_ABT', () => {
    const f = new Fixture();
    f.write(CR0, 0);
    f.write64(0x90, 0x4000_0000_0000n);
    f.write(CR0, CMDQEN);
    f.write(CMDQ_PROD, 1);
    expect(f.commandError).toBe(2);
    expect(f.read(CMDQ_CONS) & 0xf_ffff).toBe(0);
  });

  it('a bus error on the fetch is CERROR_ABT too, and can be tried again', () => {
    const f = new Fixture();
    f.hazard((pfn) => (pfn === CMDQ / 4096 ? 1 : 0));
    f.command([0x10n, 0n]);
    expect(f.commandError).toBe(2);
    f.memory.hazards = null;
    f.write(GERRORN, 1);
    expect(f.read(CMDQ_CONS)).toBe(1);
  });

  /** Spec: chapter 4, "CERROR_ILL is raised …" of each command. */
  const NO_S1 = { s1p: false };
  const NO_S2 = { s2p: false };
  it.each([
    ['CFGI_CD without stage 1', 0x05n, NO_S1],
    ['CFGI_CD_ALL without stage 1', 0x06n, NO_S1],
    ['CFGI_VMS_PIDM without MPAM', 0x07n, {}],
    ['TLBI_NH_ALL without stage 1', 0x10n, NO_S1],
    ['TLBI_NH_ASID without stage 1', 0x11n, NO_S1],
    ['TLBI_NH_VA without stage 1', 0x12n, NO_S1],
    ['TLBI_NH_VAA without stage 1', 0x13n, NO_S1],
    ['TLBI_EL3_ALL', 0x18n, {}],
    ['TLBI_EL3_VA', 0x1an, {}],
    ['TLBI_EL2_ALL without HYP', 0x20n, { hyp: false }],
    ['TLBI_EL2_ASID without HYP', 0x21n, { hyp: false }],
    ['TLBI_EL2_VA without HYP', 0x22n, { hyp: false }],
    ['TLBI_EL2_VAA without HYP', 0x23n, { hyp: false }],
    ['test_cmdq_s12_vmall_illegal: TLBI_S12_VMALL without stage 2', 0x28n, NO_S2],
    ['TLBI_S2_IPA without stage 2', 0x2an, NO_S2],
    ['test_cmdq_atc_inv_illegal_when_ats_disabled', 0x40n, { ats: false }],
    ['PRI_RESP without PRI', 0x41n, { pri: false }],
    ['RESUME without stalls', 0x44n, { stallModel: 1 as const }],
    ['STALL_TERM without stalls', 0x45n, { stallModel: 1 as const }],
    ['CFGI_STE of a secure stream', 0x03n | (1n << 10n), {}],
    ['RESUME of a secure stream', 0x44n | (1n << 10n), {}],
    ['opcode 0', 0x00n, {}],
    ['opcode 0x47', 0x47n, {}],
  ])('%s is illegal', (_, first, config) => {
    const f = new Fixture(config);
    f.command([first, 0n]);
    expect(f.commandError).toBe(1);
  });

  it.each([
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a, 0x30,
    0x40, 0x41, 0x44, 0x45, 0x46,
  ])('command 0x%s is consumed by a full unit', (opcode) => {
    const f = new Fixture();
    f.command([BigInt(opcode), 0n]);
    expect([f.commandError, f.read(CMDQ_CONS)]).toEqual([0, 1]);
  });

  it('SSec is RES0 in TLB invalidations: no error', () => {
    const f = new Fixture();
    f.command([0x10n | (1n << 10n), 0n], [0x2an | (1n << 10n), 0n]);
    expect(f.commandError).toBe(0);
  });

  it('a range command that names a granule but neither range nor level is reserved', () => {
    const f = new Fixture();
    f.command([0x12n, 1n << 10n]);
    expect(f.commandError).toBe(1);
    const without = new Fixture({ ril: false });
    without.command([0x12n, 1n << 10n]);
    expect(without.commandError).toBe(0);
    // 16 KiB tables have no leaf at level 1: the hint counts as none.
    const sixteen = new Fixture();
    sixteen.command([0x12n, (2n << 10n) | (1n << 8n)]);
    expect(sixteen.commandError).toBe(1);
  });

  it('CMD_ATC_INV tells the device: address aligned to its size, PASID and G only with SSV', () => {
    const f = new Fixture().on();
    f.command(
      [0x40n | (1n << 11n) | (1n << 9n) | (0x12345n << 12n) | word(0x108n, 0n), 0xffff_8000_0123_5000n | 4n],
      [0x40n | (1n << 9n) | word(0x108n, 0n), 52n],
    );
    expect(f.invalidations).toEqual([
      { rid: 0x108, pasid: 0x12345, iova: 0xffff_8000_0123_0000n, sizeLg2: 16, global: true },
      { rid: 0x108, pasid: NO_PASID, iova: 0n, sizeLg2: 64, global: false },
    ]);
  });

  it('CMD_ATC_INV and CMD_PRI_RESP are ignored while the SMMU is off', () => {
    const f = new Fixture();
    f.command([0x40n, 52n], [0x41n, 2n << 12n]);
    expect([f.invalidations, f.responses, f.commandError]).toEqual([[], [], 0]);
  });

  it('a device that does not answer: the next CMD_SYNC stops with CERROR_ATC_INV_SYNC, and passes when repeated', () => {
    const f = new Fixture().on();
    f.answers = false;
    f.command([0x40n, 52n], [0x10n, 0n], [SYNC, 0n]);
    expect([f.commandError, f.read(CMDQ_CONS) & 0xf_ffff]).toEqual([3, 2]);
    f.write(GERRORN, 1);
    expect([f.commandError, f.read(CMDQ_CONS)]).toEqual([0, 3]);
  });

  it.each([
    [0n, 15],
    [1n, 1],
    [2n, 0],
  ])('CMD_PRI_RESP with Resp %s is code %s on the wire', (resp, code) => {
    const f = new Fixture().on();
    f.command([0x41n | (1n << 11n) | (5n << 12n) | word(0x108n, 0n), 0x1ffn | (resp << 12n)]);
    expect(f.responses).toEqual([{ rid: 0x108, pasid: 5, group: 0x1ff, code }]);
  });

  it('CMD_PRI_RESP with the reserved Resp is illegal', () => {
    const f = new Fixture().on();
    f.command([0x41n, 3n << 12n]);
    expect([f.commandError, f.responses]).toEqual([1, []]);
  });

  it('CMD_PREFETCH_CONFIG brings configuration into the caches, silently where there is none', () => {
    const f = new Fixture().usual();
    f.command(
      [0x01n | word(0x100n, 0n), 0n],
      [0x01n | word(0x208n, 0n), 0n],
      [0x02n | word(0x5_0000n, 0n), 0n],
    );
    expect(f.device.state.steCache.list()).toHaveLength(1);
    expect(f.device.state.cdCache.list()).toHaveLength(1);
    expect(f.events()).toEqual([]);
  });

  it('garbage in PROD ends', () => {
    const f = new Fixture();
    f.write(CMDQ_PROD, 0xf_ffff);
    expect(f.commandError).toBe(1); // opcode 0
  });
});
