import type { CacheEntryView, UnitView } from '../../hw/common/view';

/**
 * Of the ids that a translation is found by, the one that says whose tables it comes from, and what its HWPT calls it
 * (`HwptObject.tag`). The first that an entry has counts: below a VMID that is not 0, or a GSCID, the other ids are the guest's.
 */
const OWNERS: readonly (readonly [tag: string, word: string])[] = [
  ['DID', 'DID'],
  ['DomainID', 'DomID'],
  ['VMID', 'VMID'],
  ['GSCID', 'GSCID'],
  ['ASID', 'ASID'],
  ['PSCID', 'PSCID'],
];

/** Translations in the IOTLB that say something else than the tables by now, by the tag of the domain that they are of. */
export function staleBy({ caches }: UnitView): Readonly<Record<string, number>> | null {
  const counts: Record<string, number> = {};
  const stale = caches.find(({ id }) => id === 'iotlb')?.entries.filter((entry) => entry.stale) ?? [];
  for (const entry of stale) {
    const owner = ownerOf(entry);
    if (owner !== null) counts[owner] = (counts[owner] ?? 0) + 1;
  }
  return Object.keys(counts).length === 0 ? null : counts;
}

function ownerOf({ tags }: CacheEntryView): string | null {
  for (const [name, word] of OWNERS) {
    const value = tags.find((tag) => tag.name === name)?.value;
    // VMID 0 is the host's own.
    if (value !== undefined && !(name === 'VMID' && value === '0')) return `${word} ${value}`;
  }
  return null;
}
