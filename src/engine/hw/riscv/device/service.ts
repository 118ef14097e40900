import { cap, CAP_SV39, CAP_SV39X4 } from '../regs';
import { levelsOfMode } from '../structs';
import type { EventIds } from './hpm';

/** Frame numbers that a quick walk can follow: small integers. */
export const MAX_NEAR_PFN = 0x7fff_ffff;

/** Only the walk of the document will do; or both stages are Bare; or the quick walk has its way with one stage or both. */
export const WITH_CARE = 0;
export const IDENTITY = 1;
export const FIRST_ONLY = 2;
export const SECOND_ONLY = 3;
export const NESTED = 4;
export type ServiceKind = 0 | 1 | 2 | 3 | 4;

/**
 * How the requests of one device, with one process id or none, are translated: what its device and process context come to.
 *
 * Made anew for whoever asks next; kept while the same one asks again and nothing changed.
 */
export class Service implements EventIds {
  /** Whose it is; rid -1: nobody's. `pasid`: as the requests have it. */
  rid = -1;
  pasid = -1;
  /** For events and records: the process id in force, -1 for none. */
  did = -1;
  pid = -1;
  gscid = -1;
  pscid = -1;
  /** Tags of the address space in the caches. */
  spaceA = 0;
  spaceB = 0;
  /** 0: the stage is Bare. Two levels: Sv32, Sv32x4. */
  firstLevels = 0;
  /** The root's frame number, in words. */
  firstPpnHi = 0;
  firstPpnLo = 0;
  secondLevels = 0;
  secondPpnHi = 0;
  secondPpnLo = 0;
  /** The roots once more, as small integers for the quick walk; -1: too far for it. */
  firstNear = -1;
  secondNear = -1;
  /** Bits of an address's high word that the second stage takes in. */
  guestShift = 0;
  /** log2 of the most bytes that a Bare stage lets an answer cover. */
  mostLg2 = 64;
  /** DC.tc, low word. */
  tc = 0;
  sum = false;
  /** DC.tc.SBE and fctl.BE. */
  firstBigEndian = false;
  secondBigEndian = false;
  /** Index of the device context in the cache. */
  dc = 0;
  /** MSI addresses are told apart. */
  msi = false;
  /** Everything above is known, and not only what the quick walk asks for. */
  whole = false;
  /** How plain requests are translated where nothing stands in their way. */
  kind: ServiceKind = WITH_CARE;

  forget(): void {
    this.rid = -1;
  }

  get firstRoot(): number {
    return this.firstPpnHi * 0x1_0000_0000 + (this.firstPpnLo >>> 0);
  }

  get secondRoot(): number {
    return this.secondPpnHi * 0x1_0000_0000 + (this.secondPpnLo >>> 0);
  }
}

/** Whether a mode of the first stage is one that the unit has. */
export function firstStageMode(capabilities: bigint, mode: number, narrow: boolean): boolean {
  if (mode === 0) return true;
  if (narrow) return mode === 8 && cap.sv32(capabilities);
  return mode >= 8 && mode <= 10 && ((capabilities >> (CAP_SV39 + BigInt(mode - 8))) & 1n) === 1n;
}

export function secondStageMode(capabilities: bigint, mode: number, narrow: boolean): boolean {
  if (mode === 0) return true;
  if (narrow) return mode === 8 && cap.sv32x4(capabilities);
  return mode >= 8 && mode <= 10 && ((capabilities >> (CAP_SV39X4 + BigInt(mode - 8))) & 1n) === 1n;
}

/** Levels of the table of a mode; 0 for Bare. */
export const modeLevels = (mode: number, narrow: boolean): number =>
  mode === 0 ? 0 : narrow ? 2 : levelsOfMode(mode);

/** A frame number in words as a small integer; -1: it is none. */
export const nearPfn = (hi: number, lo: number): number => (hi === 0 && lo >= 0 ? lo : -1);
