import { invariant } from '../../lib/invariant';
import { FRAME_BYTES } from '../memory/frame-store';
import type { PtFormat, PtFormatSpec } from './format';

const ENTRY_BYTES = 8;

/**
 * Fills in what a format leaves out, and what follows from its numbers.
 *
 * Linux: drivers/iommu/generic_pt/pt_fmt_defaults.h
 */
export function defineFormat(spec: PtFormatSpec): PtFormat {
  const { granuleLg2, levelBits } = spec;
  const itemOrder = levelBits.map((_, level) =>
    levelBits.slice(0, level).reduce((sum, bits) => sum + bits, 0),
  );
  const items = levelBits.map((bits) => 1 << bits);
  invariant(Math.max(...items) * ENTRY_BYTES <= FRAME_BYTES, `${spec.id}: a table is one frame`);
  return {
    contigLg2: () => 0,
    dirtyLo: 0,
    dirtyHi: 0,
    ...spec,
    granuleBytes: 2 ** granuleLg2,
    maxTopLevel: levelBits.length - 1,
    itemLg2: itemOrder.map((order) => granuleLg2 + order),
    itemPages: itemOrder.map((order) => 2 ** order),
    itemOrder,
    items,
    indexScale: itemOrder.map((order) => 2 ** -order),
    indexMask: items.map((count) => count - 1),
    pagesOf64Bits: 2 ** (64 - granuleLg2),
  };
}
