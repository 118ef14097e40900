import type { CacheEntryView, CacheView } from '../../engine/hw/common/view';
import type { LookupPart, WalkStep } from '../../engine/sim/batch';
import type { DeviceTlbView } from '../../engine/sim/world';
import { isTableCache } from '../../words/hardware';

/** What the device keeps itself, and for which PASID it went out; null for none. */
export interface OwnTranslations {
  readonly deviceTlb: readonly DeviceTlbView[];
  readonly pasid: number | null;
}

const NO_DEVICE_TLB: OwnTranslations = { deviceTlb: [], pasid: null };

/**
 * Which cache hits of a look-up were on entries that the tables in memory contradict, as the caches are right after it: a
 * hit changes nothing of what it hit.
 */
export function staleHits(
  part: LookupPart,
  caches: readonly CacheView[],
  own: OwnTranslations = NO_DEVICE_TLB,
): ReadonlySet<number> {
  const found = new Set<number>();
  part.steps.forEach((step, index) => {
    if (step.kind !== 'cache' || step.outcome !== 'hit') return;
    const stale =
      step.structure === 'device-tlb'
        ? own.deviceTlb.some((entry) => entry.stale && wasTold(entry, part, own.pasid))
        : entriesOf(part, index, caches).some((entry) => entry.stale);
    if (stale) found.add(index);
  });
  return found;
}

/** The entries that a step's hit was on, or that hold after its miss what the walk came to. */
export function entriesOf(
  part: LookupPart,
  index: number,
  caches: readonly CacheView[],
): readonly CacheEntryView[] {
  const step = part.steps[index];
  if (step?.kind !== 'cache') return [];
  const entries = caches.find(({ id }) => id === step.structure)?.entries ?? [];
  const next = part.steps.slice(index + 1).find(({ structure }) => structure === 'table') ?? null;
  return entries.filter((entry) => wasHit(entry, step, part, next));
}

/** The entry that answered: its page is around the address, and leads to where the device went. */
const wasTold = (
  { iova, sizeLg2, pa, ...entry }: DeviceTlbView,
  part: LookupPart,
  pasid: number | null,
): boolean =>
  entry.pasid === pasid &&
  part.iova >> BigInt(sizeLg2) === iova >> BigInt(sizeLg2) &&
  (part.pa === null || part.pa - pa === Number(part.iova - iova));

/** By what the hit gave: the page of a translation, the table read next; of a device's entry by its name. */
function wasHit(entry: CacheEntryView, step: WalkStep, part: LookupPart, next: WalkStep | null): boolean {
  if (!isTableCache(step.structure)) return namesRequester(entry, step.title);
  if (step.structure !== 'iotlb') return next?.pa != null && leadsTo(entry, next.pa);
  const { iova, sizeLg2, pa } = entry;
  if (iova === undefined || sizeLg2 === undefined) return false;
  if (part.iova >> BigInt(sizeLg2) !== iova >> BigInt(sizeLg2)) return false;
  return part.pa === null || pa === undefined || part.pa - pa === Number(part.iova - iova);
}

const PAGE_BYTES = 4096;

/** The table that was read next, at the address that the entry gives. */
function leadsTo({ pa, gives }: CacheEntryView, read: number): boolean {
  const table = Math.floor(read / PAGE_BYTES) * PAGE_BYTES;
  return pa === undefined ? gives.split(/[\s,;]+/).includes(`0x${table.toString(16)}`) : pa === table;
}

/** The title of a hit says whose entry it was: `PASID cache hit: 0000:02:00.0 pasid 0x9`, `… hit: device_id 200`. */
function namesRequester({ tags, rid }: CacheEntryView, title: string): boolean {
  const words = new Set(title.split(/[\s,]+/));
  const number = rid?.toString(16) ?? '';
  return tags.every(({ name, value }) => {
    if (/^(?:SID|DeviceID|StreamID|device_id)$/.test(name)) return words.has(value) || words.has(number);
    return !/^(?:PASID|SubstreamID|process_id)$/.test(name) || words.has(value);
  });
}
