import { FRAME_ITEM_MASK, FRAME_ITEMS_LG2, TABLE } from '../format';
import type { PageTable } from '../page-table';

/** What of a table pointer is no address, by the first letters of a format's id. */
const NOT_ADDRESS: readonly (readonly [string, number, number])[] = [
  ['riscv', 0x3ff, ~0x3f_ffff],
  ['arm', 0xfff, ~0xffff],
  ['', 0xfff, ~0xf_ffff],
];

/** FNV-1a over level, index and both halves of every entry, table pointers without their address: as the recorder does it. */
export function checksum(table: PageTable): string {
  const { memory, format } = table;
  const [, maskLo, maskHi] = NOT_ADDRESS.find(([id]) => format.id.startsWith(id)) ?? ['', 0, 0];
  let hash = 0x811c9dc5;
  const mix = (word: number): void => {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 255), 0x01000193);
  };
  const visit = (tablePfn: number, level: number): void => {
    for (let index = 0; index < (format.items[level] ?? 0); index++) {
      const at = memory.frameBase(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
      const lo = memory.words[at] ?? 0;
      const hi = memory.words[at + 1] ?? 0;
      if ((lo | hi) === 0) continue;
      const pointer = format.kind(lo, hi, level) === TABLE;
      mix(level);
      mix(index);
      mix(pointer ? lo & maskLo : lo);
      mix(pointer ? hi & maskHi : hi);
      if (pointer) visit(format.tablePfn(lo, hi), level - 1);
    }
  };
  mix(table.topLevel);
  visit(table.rootPfn, table.topLevel);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
