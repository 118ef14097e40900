import { counted } from '../counted';
import { grouped } from '../locale';

/** Background traffic: its strip and its verdicts. */

export const foundInACache = 'found in a cache';
export const walkedTheTables = 'walked the tables';
export const notTranslated = 'not translated';
export const foundInACacheOrWalked = 'found in a cache or walked';
export const ofWhichBlocked = (blocked: number): string => `of which ${grouped(blocked)} blocked`;
export const after = (what: string, during: string): string => `${what}, after ${during}`;

export const traffic = 'Traffic';
export const underWay = 'Under way …';
export const accessesOfInTheirOrder = (bdf: string): string => `Accesses of ${bdf}, in their order`;
export const oneMoreDevice = 'One more device';
export const moreDevices = (count: number): string => `${grouped(count)} more devices`;
export const blocked = (who: string, accesses: string, blocked: number): string =>
  `${who}: ${accesses}, ${blocked === 0 ? 'none' : grouped(blocked)} blocked.`;

export const accesses = (count: number): string => counted(count, 'access', 'accesses');
export const hits = (share: string): string => `${share} hits`;
export const allWalked = 'all walked';
export const walked = (count: number): string => `${grouped(count)} walked`;
export const someBlocked = (count: number): string => `${grouped(count)} blocked`;
export const blockedAfter = (count: number, during: string): string =>
  `${grouped(count)} blocked after ${during}`;
export const soFar = (count: number, all: number): string => `${grouped(count)} of ${accesses(all)}`;
export const allGotThrough = (count: number): string => `All ${accesses(count)} got through.`;
export const noGap = (count: number): string => `No access saw a gap: all ${grouped(count)} got through.`;
export const nothingGotThrough = (what: string): string => `Nothing got through: ${what}.`;
export const oneGap = (what: string): string => `A gap: ${what}.`;
export const gaps = (count: number, blocked: number, first: string | null): string =>
  first === null
    ? `${count} gaps: ${grouped(blocked)} blocked in all.`
    : `${count} gaps: ${grouped(blocked)} blocked in all, first ${first}.`;
