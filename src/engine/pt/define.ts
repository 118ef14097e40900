import { invariant } from '../../lib/invariant';
import { FRAME_ITEMS, type PtFormat, type PtFormatSpec } from './format';

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
  const frames = items.map((count) => Math.ceil(count / FRAME_ITEMS));
  invariant(
    frames.slice(0, -1).every((count) => count === frames[0]),
    `${spec.id}: tables below the root are of one size`,
  );
  const dirtyBits = (spec.dirtyLo ?? 0) | (spec.dirtyHi ?? 0);
  return {
    contigLg2: () => 0,
    slotsOwnPages: false,
    dirtyLo: 0,
    dirtyHi: 0,
    cleanLo: 0,
    cleanHi: 0,
    tracksDirty: dirtyBits !== 0,
    ...spec,
    granuleBytes: 2 ** granuleLg2,
    maxTopLevel: levelBits.length - 1,
    itemLg2: itemOrder.map((order) => granuleLg2 + order),
    itemPages: itemOrder.map((order) => 2 ** order),
    itemOrder,
    items,
    frames,
    indexScale: itemOrder.map((order) => 2 ** -order),
    indexMask: items.map((count) => count - 1),
    pagesOf64Bits: 2 ** (64 - granuleLg2),
  };
}
