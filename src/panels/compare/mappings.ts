import type { AreaObject, DeviceObject, IoasObject, IommuObject, WorldId } from '../../engine/sim/world';
import { sameData } from '../../lib/same-data';
import { groupedHex } from '../../ui/numbers';
import { all, find, titleOf, type Objects } from '../shared/words';
import { VALUES, COMPARE } from '../../words/panels/compare';

/** An area of an IOAS that came, went, or is another. */
export interface AreaChange {
  readonly iova: bigint;
  readonly last: bigint;
  readonly before: string | null;
  readonly after: string | null;
}

export interface IoasChange {
  readonly ioas: IoasObject;
  readonly areas: readonly AreaChange[];
}

/** Areas are told apart by where they begin. */
export function diffMappings(a: Objects, b: Objects): readonly IoasChange[] {
  const ids = new Set([...all(a, 'ioas'), ...all(b, 'ioas')].map(({ id }) => id));
  return [...ids].flatMap((id): readonly IoasChange[] => {
    const was = find(a, id, 'ioas');
    const is = find(b, id, 'ioas');
    const ioas = is ?? was;
    if (ioas === null) return [];
    const before = new Map((was?.areas ?? []).map((area) => [area.iova, area]));
    const after = new Map((is?.areas ?? []).map((area) => [area.iova, area]));
    const starts = [...new Set([...before.keys(), ...after.keys()])].toSorted((x, y) => (x < y ? -1 : 1));
    const areas = starts.flatMap((iova): readonly AreaChange[] => {
      const old = before.get(iova);
      const now = after.get(iova);
      const area = now ?? old;
      if (area === undefined || sameData(unnumbered(old), unnumbered(now))) return [];
      return [
        {
          iova,
          last: area.last,
          before: old === undefined ? null : areaWords(old, now),
          after: now === undefined ? null : areaWords(now, old),
        },
      ];
    });
    return areas.length === 0 ? [] : [{ ioas, areas }];
  });
}

/** The numbers of pages are given anew when others go. */
const unnumbered = (area: AreaObject | undefined): AreaObject | undefined =>
  area?.pages == null ? area : { ...area, pages: { ...area.pages, id: 0 } };

/** An area in words: all that matters, or what of it is not the same in the other. */
function areaWords(area: AreaObject, other: AreaObject | undefined): string {
  const parts: readonly (readonly [string, boolean])[] = [
    [VALUES.to(groupedHex(area.last)), area.last !== other?.last],
    [
      `${area.read ? 'r' : '–'}${area.write ? 'w' : '–'}`,
      area.read !== other?.read || area.write !== other.write,
    ],
    [
      area.buffer ?? groupedHex(area.userVa),
      area.userVa !== other?.userVa || area.processId !== other.processId,
    ],
    [VALUES.pinned(area.pinnedPages), area.pinnedPages !== other?.pinnedPages],
    [VALUES.accessPins(area.accessPins), area.accessPins !== (other?.accessPins ?? 0)],
    [VALUES.locks(area.locks), area.locks !== (other?.locks ?? 0)],
  ];
  const said = parts.filter(([, differs]) => differs).map(([words]) => words);
  return said.length === 0 ? VALUES.keptBy(tiersOf(area)) : said.join(', ');
}

const tiersOf = ({ pages }: AreaObject): string =>
  pages === null
    ? VALUES.nobody
    : pages.tiers.map(({ tier, first, last }) => `${tier} ${first}–${last}`).join(', ');

export interface Attachment {
  readonly device: DeviceObject;
  readonly before: string;
  readonly after: string;
}

/** Devices whose DMA goes through another domain. */
export function diffAttachments(a: Objects, b: Objects): readonly Attachment[] {
  return all(b, 'device').flatMap((device): readonly Attachment[] => {
    const before = servedBy(find(a, device.id, 'device'), a);
    const after = servedBy(device, b);
    return before === after ? [] : [{ device, before, after }];
  });
}

/** What translates for a device: its HWPT, else its group's domain. */
function servedBy(device: DeviceObject | null, objects: Objects): string {
  if (device === null) return VALUES.notThere;
  const hwpt = find(objects, device.hwptId, 'hwpt');
  if (hwpt !== null) return titleOf(hwpt);
  const group = find(objects, device.groupId, 'group');
  return group === null ? VALUES.nothing : `${group.domain.label}, ${group.domain.type}`;
}

export interface CountChange {
  readonly unit: IommuObject;
  readonly what: string;
  readonly before: number;
  readonly after: number;
}

/** What is counted of IOMMUs: entries in caches, stale ones, faults, commands. */
export function diffCounts(a: Objects, b: Objects): readonly CountChange[] {
  return all(b, 'iommu').flatMap((unit) => {
    const was = countsOf(find(a, unit.id, 'iommu'));
    const is = countsOf(unit);
    return [...new Set([...was.keys(), ...is.keys()])]
      .map((what) => ({ unit, what, before: was.get(what) ?? 0, after: is.get(what) ?? 0 }))
      .filter(({ before, after }) => before !== after);
  });
}

function countsOf(unit: IommuObject | null): ReadonlyMap<string, number> {
  if (unit === null) return new Map();
  const caches = unit.caches.flatMap(({ name, used, stale }): readonly (readonly [string, number])[] => [
    [COMPARE.entries(name), used],
    [COMPARE.staleEntries(name), stale],
  ]);
  return new Map([...caches, [COMPARE.faults, unit.faults.length], [COMPARE.commands, unit.commands]]);
}

/** Everything that differs, for the canvas to outline. */
export const idsOf = (groups: readonly (readonly { readonly id: WorldId }[])[]): readonly WorldId[] => [
  ...new Set(groups.flat().map(({ id }) => id)),
];
