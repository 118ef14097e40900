import type { Partition, PartitionGroup } from '../../engine/sim/partition';
import type { WorldId } from '../../engine/sim/world';

/**
 * What became of the groups of a machine. Groups are compared by who is in them: their numbers change for many reasons
 * that mean nothing.
 */
export interface Difference {
  readonly changes: readonly GroupsChange[];
  /** Groups that are as they were. */
  readonly same: number;
  readonly ungrouped: readonly UngroupedChange[];
}

export interface GroupsChange {
  /**
   * `split`: one became several; `merged`: several became one; `regrouped`: several became several others; `changed`: one
   * stayed one, and lost or won devices; `appeared`, `vanished`: none of its devices was grouped before, or is now.
   */
  readonly kind: 'split' | 'merged' | 'regrouped' | 'changed' | 'appeared' | 'vanished';
  readonly before: readonly ComparedGroup[];
  readonly after: readonly ComparedGroup[];
}

export interface ComparedGroup {
  readonly number: number;
  readonly members: readonly Member[];
}

export interface Member {
  /** As its own side calls it. */
  readonly deviceId: WorldId;
  /** As the other side calls it, where it has been moved to another address; null: it is not there. */
  readonly otherId: WorldId | null;
  /**
   * Which group of the other side it is in, by position in that side of the change; null: in none. What has the same place
   * on the other side stays together.
   */
  readonly place: number | null;
}

/** A device that has a group on one side only, though it is there on both. */
export interface UngroupedChange {
  readonly deviceId: WorldId;
  readonly grouped: boolean;
  /** Why it has none on the other side. */
  readonly why: string;
}

/** `renamed`: devices that have another address afterwards, from the old id to the new one. */
export function differenceOf(
  beforeAll: Partition,
  afterAll: Partition,
  renamed: ReadonlyMap<WorldId, WorldId> = new Map(),
): Difference {
  const before = inhabited(beforeAll);
  const after = inhabited(afterAll);
  const oldName = new Map([...renamed].map(([from, to]) => [to, from]));
  const inBefore = placesOf(before.groups);
  const inAfter = placesOf(after.groups);
  const there = (id: WorldId): WorldId => renamed.get(id) ?? id;
  // An address that a card left and another took is not the same device any more.
  const back = (id: WorldId): WorldId | null => oldName.get(id) ?? (renamed.has(id) ? null : id);

  const changes: GroupsChange[] = [];
  let same = 0;
  const seenAfter = new Set<number>();
  const seenBefore = new Set<number>();
  for (const start of before.groups.keys()) {
    if (seenBefore.has(start)) continue;
    // Everything that hangs together over devices that are on both sides.
    const olds = new Set([start]);
    const news = new Set<number>();
    for (let grew = true; grew;) {
      const size = olds.size + news.size;
      for (const at of olds)
        for (const id of before.groups[at]?.deviceIds ?? []) addTo(news, inAfter.get(there(id)));
      for (const at of news)
        for (const id of after.groups[at]?.deviceIds ?? []) {
          const old = back(id);
          if (old !== null) addTo(olds, inBefore.get(old));
        }
      grew = olds.size + news.size > size;
    }
    for (const at of olds) seenBefore.add(at);
    for (const at of news) seenAfter.add(at);
    const change = changeOf(pick(before.groups, olds), pick(after.groups, news), there, back);
    if (change === null) same++;
    else changes.push(change);
  }
  for (const [at, group] of after.groups.entries()) {
    if (seenAfter.has(at)) continue;
    const change = changeOf([], [group], there, back);
    if (change !== null) changes.push(change);
  }

  const ungrouped = [
    ...after.ungrouped.flatMap(({ deviceId, why }) => {
      const old = back(deviceId);
      return old !== null && inBefore.has(old) ? [{ deviceId, grouped: false, why }] : [];
    }),
    ...before.ungrouped.flatMap(({ deviceId, why }) =>
      inAfter.has(there(deviceId)) ? [{ deviceId: there(deviceId), grouped: true, why }] : [],
    ),
  ];
  return { changes, same, ungrouped };
}

export const isNothing = ({ changes, ungrouped }: Difference): boolean =>
  changes.length === 0 && ungrouped.length === 0;

/** A group that somebody made by hand may have no devices: there is nothing to compare it by. */
const inhabited = (partition: Partition): Partition => ({
  ...partition,
  groups: partition.groups.filter(({ deviceIds }) => deviceIds.length > 0),
});

const addTo = (set: Set<number>, at: number | undefined): void => {
  if (at !== undefined) set.add(at);
};

/** In which group, by its position, each device is. */
const placesOf = (groups: readonly PartitionGroup[]): ReadonlyMap<WorldId, number> =>
  new Map(groups.flatMap(({ deviceIds }, at) => deviceIds.map((id) => [id, at] as const)));

const pick = (groups: readonly PartitionGroup[], at: ReadonlySet<number>): readonly PartitionGroup[] =>
  groups.filter((_, index) => at.has(index));

type Translate = (id: WorldId) => WorldId | null;

function changeOf(
  olds: readonly PartitionGroup[],
  news: readonly PartitionGroup[],
  there: Translate,
  back: Translate,
): GroupsChange | null {
  const before = compared(olds, news, there);
  const after = compared(news, olds, back);
  const whole = (groups: readonly ComparedGroup[]): boolean =>
    groups.every(({ members }) => members.every(({ deviceId, otherId }) => otherId === deviceId));
  if (before.length === 1 && after.length === 1 && whole(before) && whole(after)) return null;
  return { kind: kindOf(before.length, after.length), before, after };
}

function compared(
  groups: readonly PartitionGroup[],
  others: readonly PartitionGroup[],
  translate: Translate,
): readonly ComparedGroup[] {
  const places = placesOf(others);
  return groups.map(({ number, deviceIds }) => ({
    number,
    members: deviceIds.map((deviceId) => {
      const otherId = translate(deviceId);
      const place = otherId === null ? undefined : places.get(otherId);
      return { deviceId, otherId: place === undefined ? null : otherId, place: place ?? null };
    }),
  }));
}

function kindOf(before: number, after: number): GroupsChange['kind'] {
  if (before === 0) return 'appeared';
  if (after === 0) return 'vanished';
  if (before === 1) return after === 1 ? 'changed' : 'split';
  return after === 1 ? 'merged' : 'regrouped';
}
