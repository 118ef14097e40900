import { describe, expect, it } from 'vitest';
import { decodeDte, decodeIrte } from './describe';
import { decodeRegister } from './describe-registers';
import { reasonName } from './reasons';
import * as regs from './regs';

/**
 * Layout cases of OpenVMM's AMD IOMMU emulator (MIT; amd_iommu/src/spec, snapshot 1488a37b7 of 21 Aug 2026) that
 * describe.test.ts and the device's tests do not have: the facts, not the code.
 *
 * Not here, nor there: test_cap_header_roundtrip, test_base_addr_low_roundtrip, test_range_roundtrip and
 * test_misc_info0_roundtrip, which are about the unit's PCI capability (this model leaves configuration space to the machine),
 * and sizes of Rust structs.
 */
const set = (fields: readonly { name: string; value: bigint }[]): readonly string[] =>
  fields.filter(({ value }) => value !== 0n).map(({ name }) => name);

describe('layout', () => {
  it('[openvmm] test_register_offsets', () => {
    expect([regs.DEVTAB_BASE, regs.CMD_BASE, regs.EVT_BASE, regs.CONTROL]).toEqual([0, 8, 0x10, 0x18]);
    expect([regs.EXCL_BASE, regs.EXCL_LIMIT, regs.EFR]).toEqual([0x20, 0x28, 0x30]);
    expect([regs.XT_GEN_INT, regs.XT_PPR_INT, regs.STATUS]).toEqual([0x170, 0x178, 0x2020]);
    expect([regs.CMD_HEAD, regs.CMD_TAIL, regs.EVT_HEAD, regs.EVT_TAIL]).toEqual([
      0x2000, 0x2008, 0x2010, 0x2018,
    ]);
  });

  it('[openvmm] test_cmd_buf_base_roundtrip, test_evt_log_base_roundtrip, test_cmd_buf_head_roundtrip', () => {
    const value = (offset: number, word: bigint, name: string): bigint | undefined =>
      decodeRegister(offset, word).find((field) => field.name === name)?.value;
    expect(value(0x08, (9n << 56n) | (0xa_bcd0n << 12n), 'Len')).toBe(9n);
    expect(value(0x10, (8n << 56n) | (0xf_edc0n << 12n), 'Len')).toBe(8n);
    expect(decodeRegister(0x2000, 0x100n).map((field) => field.value)).toContain(0x10n);
  });

  it('[openvmm] test_iommu_ctrl_int_remap_mode: bits 44:43', () => {
    expect(set(decodeRegister(0x18, 3n << 43n))).toEqual(['NumIntRemapMode']);
  });

  it('[openvmm] test_event_codes', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((code) => reasonName(code << 12))).toEqual([
      'ILLEGAL_DEV_TABLE_ENTRY',
      'IO_PAGE_FAULT',
      'DEV_TAB_HARDWARE_ERROR',
      'PAGE_TAB_HARDWARE_ERROR',
      'ILLEGAL_COMMAND_ERROR',
      'COMMAND_HARDWARE_ERROR',
      'IOTLB_INV_TIMEOUT',
      'INVALID_DEVICE_REQUEST',
    ]);
  });

  it('[openvmm] test_dte_dw2_passthrough_interrupts', () => {
    const passes: readonly (readonly [bigint, string])[] = [
      [184n, 'InitPass'],
      [185n, 'EIntPass'],
      [186n, 'NMIPass'],
      [190n, 'Lint0Pass'],
      [191n, 'Lint1Pass'],
    ];
    for (const [bit, name] of passes)
      expect(set(decodeDte([0n, 0n, 1n << (bit - 128n), 0n]))).toEqual([name]);
  });

  it('[openvmm] test_irte_suppress_iopf, test_int_types: bit 1, bits 4:2', () => {
    expect(set(decodeIrte([2n]))).toEqual(['SupIOPF']);
    expect(decodeIrte([1n << 2n]).find(({ name }) => name === 'IntType')?.value).toBe(1n);
  });
});
