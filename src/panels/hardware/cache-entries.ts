import type { CacheEntryView } from '../../engine/hw/common/view';
import { groupedHex } from '../../ui/numbers';

export interface EntryFilter {
  readonly text: string;
  readonly staleOnly: boolean;
}

/** Entries that a person looks for: by any tag, by what they give, or by an address that they cover. */
export function filterEntries(
  entries: readonly CacheEntryView[],
  { text, staleOnly }: EntryFilter,
): readonly CacheEntryView[] {
  const wanted = text.trim().toLowerCase();
  const address = /^0x[0-9a-f_]+$/.test(wanted) ? BigInt(wanted.replaceAll('_', '')) : null;
  return entries.filter(
    (entry) =>
      (!staleOnly || entry.stale) &&
      (wanted === '' || textOf(entry).includes(wanted) || (address !== null && covers(entry, address))),
  );
}

const textOf = ({ tags, gives, iova, pa }: CacheEntryView): string =>
  [
    ...tags.map(({ name, value }) => `${name} ${value}`),
    gives,
    ...[iova, pa].flatMap((each) =>
      each === undefined ? [] : [`0x${each.toString(16)} ${groupedHex(each)}`],
    ),
  ]
    .join(' ')
    .toLowerCase();

const covers = ({ iova, sizeLg2 }: CacheEntryView, address: bigint): boolean =>
  iova !== undefined && sizeLg2 !== undefined && address >> BigInt(sizeLg2) === iova >> BigInt(sizeLg2);

/** What an entry gives, cut at its physical address, which is a way to the memory there. */
export function aroundAddress({ gives, pa }: CacheEntryView): readonly [string, string] | null {
  if (pa === undefined) return null;
  const at = new RegExp(`0x${pa.toString(16)}(?![0-9a-f])`).exec(gives);
  return at === null ? null : [gives.slice(0, at.index), gives.slice(at.index + at[0].length)];
}

/** Whether a tag says the address of the entry: then it need not be said again. */
export const tagsSayAddress = ({ tags, iova }: CacheEntryView): boolean =>
  iova === undefined || tags.some(({ value }) => value === `0x${iova.toString(16)}`);
