import type { DeviceObject, GroupObject, WorldId } from '../../engine/sim/world';
import { firmAndName } from '../../store/object-words';
import { shortBdf } from '../../store/script';
import { plainHex } from '../../ui/numbers';
import { all, deviceName, type Objects } from '../shared/words';
import { BASE_CLASSES, GROUPS } from '../../words/panels/groups/groups';

export interface Filter {
  /** Words that must all be found: in names, addresses, ids, classes, drivers, `group 7`. */
  readonly text: string;
  /** Base class, the first byte of the class code. */
  readonly classBase: number | null;
  readonly vendorId: number | null;
  /** Only groups of more than one device. */
  readonly several: boolean;
}

export const NO_FILTER: Filter = { text: '', classBase: null, vendorId: null, several: false };

export interface ListedGroup {
  readonly group: GroupObject;
  readonly members: readonly DeviceObject[];
  /** Those that the filter is about: all of them, where the group itself is. */
  readonly found: readonly DeviceObject[];
}

export interface Listing {
  readonly groups: readonly ListedGroup[];
  readonly ungrouped: readonly DeviceObject[];
}

export function listingOf(objects: Objects, filter: Filter): Listing {
  const terms = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  // Of a word and a number, `group 7` is a name: taken apart, it would find every 7.
  const named = /\bgroup\s+(\d+)\b/.exec(filter.text.toLowerCase());
  const words = named === null ? terms : terms.filter((term) => term !== 'group' && term !== named[1]);
  const fits = (device: DeviceObject): boolean =>
    (filter.classBase === null || device.classCode >>> 16 === filter.classBase) &&
    (filter.vendorId === null || device.vendorId === filter.vendorId) &&
    words.every((word) => haystackOf(device).includes(word));

  const groups = all(objects, 'group')
    .toSorted((a, b) => a.number - b.number)
    .flatMap((group): ListedGroup[] => {
      if (named !== null && Number(named[1]) !== group.number) return [];
      const members = group.deviceIds.flatMap((id) => {
        const device = objects[id];
        return device?.type === 'device' ? [device] : [];
      });
      if (filter.several && members.length < 2) return [];
      const found = members.filter(fits);
      return found.length === 0 && (members.length > 0 || !isPlain(filter))
        ? []
        : [{ group, members, found }];
    });
  const ungrouped =
    filter.several || named !== null
      ? []
      : all(objects, 'device').filter((device) => device.groupId === null && fits(device));
  return { groups, ungrouped };
}

export const isPlain = (filter: Filter): boolean =>
  filter.text.trim() === '' && filter.classBase === null && filter.vendorId === null && !filter.several;

const haystackOf = (device: DeviceObject): string =>
  [
    device.bdf,
    deviceName(device),
    device.className,
    `${plainHex(device.vendorId, 4)}:${plainHex(device.deviceId, 4)}`,
    device.driver?.name ?? '',
  ]
    .join(' ')
    .toLowerCase();

export type Row =
  | { readonly kind: 'group'; readonly id: WorldId; readonly listed: ListedGroup; readonly open: boolean }
  | {
      readonly kind: 'device';
      readonly id: WorldId;
      readonly device: DeviceObject;
      readonly parentId: WorldId;
      /** Counted from 1, among its group's. */
      readonly place: number;
      readonly of: number;
      /** What the search is about, unlike others of its group. */
      readonly found: boolean;
    }
  | { readonly kind: 'ungrouped'; readonly id: WorldId; readonly count: number; readonly open: boolean };

/** The row over devices without a group. */
export const UNGROUPED = 'ungrouped';

/** Rows from top to bottom, as they stand: a closed group is one row. */
export function rowsOf({ groups, ungrouped }: Listing, isOpen: (id: WorldId) => boolean): readonly Row[] {
  const rows: Row[] = [];
  const devices = (
    parentId: WorldId,
    members: readonly DeviceObject[],
    found: readonly DeviceObject[],
  ): void => {
    for (const [at, device] of members.entries())
      rows.push({
        kind: 'device',
        id: device.id,
        device,
        parentId,
        place: at + 1,
        of: members.length,
        found: found.includes(device),
      });
  };
  for (const listed of groups) {
    const open = isOpen(listed.group.id);
    rows.push({ kind: 'group', id: listed.group.id, listed, open });
    if (open) devices(listed.group.id, listed.members, listed.found);
  }
  if (ungrouped.length > 0) {
    const open = isOpen(UNGROUPED);
    rows.push({ kind: 'ungrouped', id: UNGROUPED, count: ungrouped.length, open });
    if (open) devices(UNGROUPED, ungrouped, ungrouped);
  }
  return rows;
}

export interface Choice {
  readonly value: number;
  readonly label: string;
  readonly count: number;
}

/** Base classes that the machine has, by the words of its devices. */
export function classChoices(objects: Objects): readonly Choice[] {
  const counts = new Map<number, { label: string; count: number }>();
  for (const device of all(objects, 'device')) {
    const base = device.classCode >>> 16;
    const known = counts.get(base);
    if (known) known.count++;
    else counts.set(base, { label: BASE_CLASSES[base] ?? GROUPS.classCode(plainHex(base, 2)), count: 1 });
  }
  return sorted(counts);
}

/** Vendors that the machine has, by name where a device tells it. */
export function vendorChoices(objects: Objects): readonly Choice[] {
  const counts = new Map<number, { label: string; count: number }>();
  for (const { vendorId, label } of all(objects, 'device')) {
    const firm = label === null ? '' : firmAndName(label).firm;
    const known = counts.get(vendorId);
    const name = firm === '' ? plainHex(vendorId, 4) : `${firm} ${plainHex(vendorId, 4)}`;
    if (!known) counts.set(vendorId, { label: name, count: 1 });
    else {
      known.count++;
      if (firm !== '' && known.label.length === 4) known.label = name;
    }
  }
  return sorted(counts);
}

const sorted = (counts: ReadonlyMap<number, { label: string; count: number }>): readonly Choice[] =>
  [...counts]
    .map(([value, { label, count }]) => ({ value, label, count }))
    .toSorted((a, b) => (a.label.toLowerCase() < b.label.toLowerCase() ? -1 : 1));

/** `01:00.0, 01:00.1 and 3 more` */
export function listed(devices: readonly DeviceObject[], most = 3): string {
  const names = devices.slice(0, most).map(({ bdf }) => shortBdf(bdf));
  const more = devices.length - names.length;
  return GROUPS.listed(names.join(', '), more);
}
