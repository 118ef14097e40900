import type { PhysicalMemory } from '../../memory/physical-memory';
import { EMPTY, FRAME_ITEM_MASK, FRAME_ITEMS_LG2, indexOf, TABLE, type PtFormat } from '../../pt/format';
import type { AddressField } from './view';

/** A table as far as its shape says how addresses are cut. */
export interface TableShape {
  readonly format: PtFormat;
  readonly topLevel: number;
  readonly rootPfn: number;
}

/**
 * An IOVA's index fields, highest first, and its offset; a leaf at `leafLevel` (1 holds only leaves) merges what is below
 * it into the offset. Null: where the table itself ends for this address.
 */
export function addressFieldsOf(
  memory: PhysicalMemory,
  shape: TableShape,
  iova: bigint,
  leafLevel: number | null,
): readonly AddressField[] {
  const { format, topLevel } = shape;
  const page = pageNumber(format, iova);
  const lowest = (leafLevel ?? leafLevelAt(memory, shape, iova)) - 1;
  const fields: AddressField[] = [];
  for (let level = topLevel; level >= lowest; level--) {
    const bits = Math.log2(format.items[level] as number);
    fields.push({ label: `level ${level + 1}`, level: level + 1, bits, value: indexOf(format, page, level) });
  }
  const offsetBits = format.itemLg2[lowest] as number;
  const value = Number(BigInt.asUintN(offsetBits, iova));
  return [...fields, { label: 'offset', level: 0, bits: offsetBits, value }];
}

/** Level of the last table that a walk reads, from 1 on; 1 where it meets a hole. */
export function leafLevelAt(
  memory: PhysicalMemory,
  { format, topLevel, rootPfn }: TableShape,
  iova: bigint,
): number {
  const page = pageNumber(format, iova);
  let tablePfn = rootPfn;
  for (let level = topLevel; level > 0; level--) {
    const index = indexOf(format, page, level);
    const at = memory.processorBase(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
    const [lo, hi] = [memory.words[at] as number, memory.words[at + 1] as number];
    const kind = format.kind(lo, hi, level);
    if (kind !== TABLE) return kind === EMPTY ? 1 : level + 1;
    tablePfn = format.tablePfn(lo, hi);
  }
  return 1;
}

const pageNumber = (format: PtFormat, iova: bigint): number =>
  Number(BigInt.asUintN(64, iova) >> BigInt(format.granuleLg2));
