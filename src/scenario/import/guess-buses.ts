import { formatBdf } from '../../engine/pci/address';
import type { Records } from './facts';
import { isBridge } from './kind';
import { busName } from './lspci-tree';
import { nameOf } from './read-dumps';
import type { LspciRecord } from './record';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/**
 * Titles alone (`lspci -nn`, most lists of groups) name no bridge of any bus. Firmware numbers buses as it finds them: depth
 * first, each bridge the next number. So the tree can be guessed from the numbers; that it is a guess is said, and nothing
 * that depends on it is called certain.
 *
 * Returns the functions whose place is a guess or unknown, by name.
 */
export function guessBuses(
  records: Records,
  rootBuses: ReadonlySet<string>,
  warnings: Warnings,
): ReadonlySet<string> {
  const unplaced = new Set<string>();
  const domains = new Map<number, LspciRecord[]>();
  for (const record of records.values()) {
    const here = domains.get(record.address.domain) ?? [];
    here.push(record);
    domains.set(record.address.domain, here);
  }
  for (const [domain, here] of domains) {
    const untold = here.filter((record) => isBridge(record) && record.buses === null && !tellsBuses(record));
    if (untold.length === 0) continue;
    const domainRoots = rootsOf(domain, here, rootBuses);
    const told = new Set(here.flatMap(({ buses }) => (buses === null ? [] : buses.secondary)));
    for (const record of untold) unplaced.add(formatBdf(record.address));
    for (const { address } of here)
      if (!domainRoots.has(address.bus) && !told.has(address.bus)) unplaced.add(formatBdf(address));
    if (told.size === 0) guessDomain(here, domainRoots);
    for (const record of untold)
      if (record.buses !== null)
        warnings.gap(record.line, says.whichBusesAreBehindIsGuessed, nameOf(record), 'lspci -t');
  }
  return unplaced;
}

/** With its registers shown, a bridge without buses has none. */
const tellsBuses = (record: LspciRecord): boolean => record.hasDetails || record.byteCount >= 0x40;

function rootsOf(
  domain: number,
  here: readonly LspciRecord[],
  rootBuses: ReadonlySet<string>,
): ReadonlySet<number> {
  const roots = new Set([0]);
  for (const { address, classCode } of here) {
    const { bus } = address;
    const isHost = address.devfn === 0 && classCode === 0x0600;
    if (isHost || rootBuses.has(busName({ domain, bus }))) roots.add(bus);
  }
  return roots;
}

function guessDomain(here: readonly LspciRecord[], roots: ReadonlySet<number>): void {
  const bridges = new Map<number, LspciRecord[]>();
  for (const record of here.toSorted((a, b) => a.address.devfn - b.address.devfn))
    if (isBridge(record))
      bridges.set(record.address.bus, [...(bridges.get(record.address.bus) ?? []), record]);
  const present = new Set(here.map(({ address }) => address.bus));
  for (const root of [...roots].toSorted((a, b) => a - b)) number(root, bridges, present, roots);
}

/** Depth first, with a stack of its own: bridges can be nested as deep as there are buses. */
function number(
  root: number,
  bridges: ReadonlyMap<number, readonly LspciRecord[]>,
  present: ReadonlySet<number>,
  roots: ReadonlySet<number>,
): void {
  let last = root;
  const path: { readonly bus: number; at: number; readonly bridge: LspciRecord | null }[] = [
    { bus: root, at: 0, bridge: null },
  ];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const bridge = bridges.get(top.bus)?.[top.at++];
    if (bridge === undefined) {
      path.pop();
      if (top.bridge !== null) top.bridge.buses = { secondary: top.bus, subordinate: last };
      continue;
    }
    const next = last + 1;
    if (next > 0xff || roots.has(next)) continue;
    last = next;
    // A bus without functions shows nowhere; its bridge is left without one.
    if (present.has(next)) path.push({ bus: next, at: 0, bridge });
  }
}
