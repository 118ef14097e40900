import { hex, join } from '../../../../lib/u64';

/** What a cache finds things by, in words. */
const spaceTag = (space: number): string =>
  space === 0 ? '' : ` pasid ${hex(space >>> 2)}${(space & 3) === 2 ? ' nested' : ''}`;

export const pageTag = (did: number, space: number, hi: number, lo: number): string =>
  `did ${did}${spaceTag(space)} iova ${hex(join(hi, lo & ~0xfff))}`;

/** Levels as people count: 1 holds only leaves. */
export const tableTag = (did: number, space: number, level: number, hi: number, lo: number): string =>
  `${pageTag(did, space, hi, lo)} level ${level + 1} table`;

export const pasidTag = (device: string, pasid: number): string => `${device} pasid ${hex(pasid)}`;
