import {
  REQUEST_INTERRUPT_BLOCKED,
  REQUEST_INTERRUPT_READ,
  REQUEST_INTERRUPT_RESERVED,
  REQUEST_PORT_IO,
  REQUEST_SYSMGT,
  REQUEST_SYSMGT_RANGE,
} from '../reasons';
import {
  DTE_INT_CTL_MASK,
  DTE_INT_CTL_SHIFT,
  DTE_IOCTL_SHIFT,
  DTE_SYSMGT_SHIFT,
  HT_FIRST_HI,
  HT_LAST_HI,
  INTERRUPT_RANGE,
} from '../structs';
import type { AmdConfig } from './config';
import { D_RAW } from './dte';

/** What may pass. */
export const PASSES = -1;

/** How many values of an address's high word HyperTransport has for itself. */
export const htSpanOf = (config: AmdConfig): number =>
  config.htRangeIgnore ? 0 : HT_LAST_HI - HT_FIRST_HI + 1;

/** Addresses that are not simply memory: interrupts, and HyperTransport's, `htSpan` values of the high word. */
export const isSpecial = (hi: number, lo: number, htSpan: number): boolean =>
  hi === 0 ? lo >>> 20 === INTERRUPT_RANGE : (hi - HT_FIRST_HI) >>> 0 < htSpan;

/**
 * HyperTransport's address range, 0xfd00000000 to 0xffffffffff: what a device may do there. The Type of an
 * INVALID_DEVICE_REQUEST, or PASSES.
 *
 * Spec: section 2.1.2 "IOMMU Logical Topology", table 3 "Special Address Controls"; HyperTransport I/O Link
 * Specification, section 5 "Addressing"
 */
export function refuseSpecialRange(
  dte: Int32Array,
  at: number,
  hi: number,
  lo: number,
  write: boolean,
): number {
  const third = dte[at + D_RAW + 3] as number;
  const fifth = dte[at + D_RAW + 5] as number;
  const region = hi === HT_FIRST_HI ? lo >>> 20 : 0;
  // 0xf80 to 0xf8f: interrupts and their ends.
  if (region >>> 4 === 0xf8) {
    if (!write) return REQUEST_INTERRUPT_READ;
    return ((fifth >>> DTE_INT_CTL_SHIFT) & DTE_INT_CTL_MASK) === 0 ? REQUEST_INTERRUPT_BLOCKED : PASSES;
  }
  // 0xf91: system management messages.
  if (region === 0xf91) {
    if (!write) return REQUEST_SYSMGT_RANGE;
    return ((third >>> DTE_SYSMGT_SHIFT) & 3) === 1 ? PASSES : REQUEST_SYSMGT;
  }
  // 0xfc0 to 0xfdf: port I/O.
  if (region >>> 5 === 0x7e) return ((third >>> DTE_IOCTL_SHIFT) & 3) === 0 ? REQUEST_PORT_IO : PASSES;
  return write ? REQUEST_INTERRUPT_RESERVED : REQUEST_INTERRUPT_READ;
}
