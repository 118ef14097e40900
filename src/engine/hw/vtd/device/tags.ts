import { hex, join } from '../../../../lib/u64';
import { cacheWording } from '../../../trace/wording';
import { formatBdf } from '../../common/bdf';

/** What the caches find things by, in words. */
const spaceTag = (space: number): string =>
  space === 0 ? '' : ` pasid ${hex(space >>> 2)}${(space & 3) === 2 ? ' nested' : ''}`;

const pageTag = (did: number, space: number, hi: number, lo: number): string =>
  `did ${did}${spaceTag(space)} iova ${hex(join(hi, lo & ~0xfff))}`;

export const pasidTag = (device: string, pasid: number): string => `${device} pasid ${hex(pasid)}`;

/** What happens to a cache, for the trace. */
export const ofIotlb = cacheWording('iotlb', pageTag);

/** Levels as people count: 1 holds only leaves. */
export const ofTables = cacheWording(
  'paging-structure',
  (did, space, level, hi, lo) => `${pageTag(did, space, hi, lo)} level ${level + 1} table`,
);

export const ofContexts = cacheWording('context', formatBdf);

export const ofPasids = cacheWording('pasid', (segment, rid, pasid) =>
  pasidTag(formatBdf(segment, rid), pasid),
);

/** Whatever the PASID was. */
export const ofPasidVictims = cacheWording('pasid', formatBdf);

export const ofInterrupts = cacheWording('interrupt', (index) => `index ${index}`);
