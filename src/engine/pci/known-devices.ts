import { devfnOf } from './address';
import type { PciFunction } from './function';

/** Segments that a VMD driver makes start here. Linux: drivers/pci/controller/vmd.c vmd_enable_domain() */
export const VMD_FIRST_DOMAIN = 0x10000;

/** Linux: vmd.c vmd_ids[] */
const VMD_IDS: ReadonlySet<number> = new Set([
  0x201d, 0x28c0, 0x467f, 0x4c3d, 0xa77f, 0x7d0b, 0xad0b, 0x9a0b, 0xb60b, 0xb06f, 0xb07f,
]);

/** Intel's Volume Management Device: an endpoint with a PCI segment behind it. */
export const isVmd = (fn: PciFunction): boolean =>
  fn.spec.driver === 'vmd' || (fn.vendorId === 0x8086 && VMD_IDS.has(fn.deviceId));

/**
 * Intel's Primary to Sideband bridge at 1f.1: firmware hides it from the scan, and a driver that needs it probes this
 * one function, late and without its slot. Linux: drivers/platform/x86/p2sb.c
 */
export const isP2sb = (fn: PciFunction): boolean =>
  fn.vendorId === 0x8086 &&
  fn.classCode >> 8 === 0x0580 &&
  fn.address.devfn === devfnOf(0x1f, 1) &&
  fn.bus.parent === null;
