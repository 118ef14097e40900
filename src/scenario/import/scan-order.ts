import { formatBdf, slotOf } from '../../engine/pci/address';
import type { LspciRecord } from './record';

/** Ascending buses, each followed by what is behind its bridges; virtual functions last, as a driver makes them. */
export function inScanOrder(
  records: readonly LspciRecord[],
  virtualOf: ReadonlyMap<string, LspciRecord>,
): readonly LspciRecord[] {
  const byBus = new Map<number, LspciRecord[]>();
  const busKey = (domain: number, bus: number): number => domain * 256 + bus;
  for (const record of records) {
    const key = busKey(record.address.domain, record.address.bus);
    const bus = byBus.get(key);
    if (bus === undefined) byBus.set(key, [record]);
    else bus.push(record);
  }
  const ordered: LspciRecord[] = [];
  const virtual: LspciRecord[] = [];
  const pending = [...byBus.keys()].sort((a, b) => b - a);
  // A stack, not recursion: bridges may be nested as deep as there are buses.
  while (pending.length > 0) {
    const key = pending.pop() ?? 0;
    const bus = byBus.get(key);
    if (bus === undefined) continue;
    byBus.delete(key);
    bus.sort(
      (a, b) => slotOf(a.address.devfn) - slotOf(b.address.devfn) || a.address.devfn - b.address.devfn,
    );
    for (const record of bus) (virtualOf.has(formatBdf(record.address)) ? virtual : ordered).push(record);
    for (const record of bus.toReversed())
      if (record.buses !== null) pending.push(busKey(record.address.domain, record.buses.secondary));
  }
  return [...ordered, ...virtual];
}
