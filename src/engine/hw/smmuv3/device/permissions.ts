import { EXECUTE, PRIVILEGED, READ, WRITE, type Access } from '../../port';
import * as s from '../structs';
import { FLAG_EL2, FLAG_HD, FLAG_PAN, FLAG_WXN } from './cd-layout';
import { FLAG_S2HD } from './ste';
import { PRIV_SHIFT } from './tlb';

const RWX = READ | WRITE | EXECUTE;

/** What an access needs of a permission word. */
export const required = (access: number): number =>
  (access & PRIVILEGED) !== 0 ? (access & RWX) << PRIV_SHIFT : access & RWX;

/**
 * Stage-1 permissions of a leaf: unprivileged in bits 2:0, privileged in 5:3. A page that is clean, but that hardware may
 * mark as dirty, counts as writable.
 *
 * Spec: Arm Architecture Reference Manual (DDI 0487), AArch64.S1DirectBasePermissions(); CD.WXN, CD.PAN, CD.UWXN
 *
 * `limits`: hierarchical attributes, where they lie in a table descriptor.
 */
export function stage1Permissions(flags: number, hi: number, lo: number, limits: number): number {
  const clean = (flags & FLAG_HD) !== 0 && (hi & s.DESC_DBM) !== 0;
  const writable = ((lo & s.S1_AP_RO) === 0 || clean) && (limits & s.AP_TABLE_RO) === 0 ? WRITE : 0;
  const wxn = (flags & FLAG_WXN) !== 0;
  if ((flags & FLAG_EL2) !== 0) {
    const never = ((hi | (limits >>> 6)) & s.S1_UXN) !== 0 || (wxn && writable !== 0);
    const perms = READ | writable | (never ? 0 : EXECUTE);
    return perms | (perms << PRIV_SHIFT);
  }
  const user = (lo & s.S1_AP_EL0) !== 0 && (limits & s.AP_TABLE_NO_EL0) === 0;
  const userWrites = user ? writable : 0;
  const uxn = (hi & s.S1_UXN) !== 0 || (limits & s.XN_TABLE) !== 0 || (wxn && userWrites !== 0);
  // What users may write, the privileged never execute.
  const pxn =
    (hi & s.S1_PXN) !== 0 || (limits & s.PXN_TABLE) !== 0 || userWrites !== 0 || (wxn && writable !== 0);
  const unprivileged = (user ? READ : 0) | userWrites | (uxn ? 0 : EXECUTE);
  const never = user && (flags & FLAG_PAN) !== 0;
  const privileged = (never ? 0 : READ | writable) | (pxn ? 0 : EXECUTE);
  return unprivileged | (privileged << PRIV_SHIFT);
}

/** Stage-2 permissions of a leaf, as stage1Permissions(). Spec: DDI 0487, AArch64.S2DirectBasePermissions() */
export function stage2Permissions(flags: number, hi: number, lo: number, xnx: boolean): number {
  const clean = (flags & FLAG_S2HD) !== 0 && (hi & s.DESC_DBM) !== 0;
  const data = ((lo & s.S2_AP_READ) !== 0 ? READ : 0) | ((lo & s.S2_AP_WRITE) !== 0 || clean ? WRITE : 0);
  const xn1 = (hi & s.S2_XN1) !== 0;
  const xn0 = xnx && (hi & s.S2_XN0) !== 0;
  const unprivileged = xn1 ? 0 : EXECUTE;
  const privileged = xn0 === xn1 || (!xnx && !xn1) ? EXECUTE : 0;
  return data | unprivileged | ((data | (xnx ? privileged : unprivileged)) << PRIV_SHIFT);
}

/** Whether a stage-2 leaf is device memory. Spec: DDI 0487, "Stage 2 memory region type", FEAT_S2FWB */
export const isDeviceMemory = (fwb: boolean, lo: number): boolean => {
  const attributes = (lo >>> s.S2_MEMATTR_SHIFT) & 0xf;
  return fwb ? (attributes & 4) === 0 : (attributes & 0xc) === 0;
};

/** Permissions of one privilege. */
export const permsFor = (perms: number, access: Access): number =>
  ((access & PRIVILEGED) !== 0 ? perms >> PRIV_SHIFT : perms) & 7;

/** STE.PRIVCFG and STE.INSTCFG. Only reads can be made instruction fetches. */
export function overridden(access: Access, overrides: number): Access {
  const privilege = overrides & 3;
  const instruction = overrides >>> 2;
  let need = access;
  if (privilege === s.OVERRIDE_OFF) need &= ~PRIVILEGED;
  if (privilege === s.OVERRIDE_ON) need |= PRIVILEGED;
  if ((access & WRITE) !== 0) return need;
  if (instruction === s.OVERRIDE_OFF && (need & EXECUTE) !== 0) need = (need & ~EXECUTE) | READ;
  if (instruction === s.OVERRIDE_ON) need = (need & ~READ) | EXECUTE;
  return need;
}
