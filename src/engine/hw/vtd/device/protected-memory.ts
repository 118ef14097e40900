import { addressOf } from '../../../../lib/u64';
import { PHMBASE, PHMLIMIT, PLMBASE, PLMLIMIT, PMEN, PMEN_PRS } from '../regs';
import type { UnitState } from './unit';

/** Both ends of a region are kept in steps of 2 MiB. */
export const REGION_MASK = ~0x1f_ffff;

/**
 * Whether devices may not reach an address although translation is off.
 *
 * Spec: section 11.4.8 "Protected Memory Registers"; with translation on the tables alone decide here, as the document leaves
 * open.
 */
export function isProtected(unit: UnitState, hi: number, lo: number): boolean {
  if ((unit.reg(PMEN) & PMEN_PRS) === 0) return false;
  const address = addressOf(hi, lo);
  const low = within(address, unit.reg(PLMBASE) >>> 0, unit.reg(PLMLIMIT) >>> 0);
  const highBase = addressOf(unit.reg(PHMBASE + 4), unit.reg(PHMBASE));
  return low || within(address, highBase, addressOf(unit.reg(PHMLIMIT + 4), unit.reg(PHMLIMIT)));
}

const within = (address: number, base: number, limit: number): boolean =>
  base <= limit && address >= base && address <= limit + 0x1f_ffff;
