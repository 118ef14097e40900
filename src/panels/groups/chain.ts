import type { DeviceObject, GroupJoin, GroupObject, WorldId } from '../../engine/sim/world';
import { find, type Objects } from '../shared/words';

/** One join, met on the way from one device to another. */
export interface ChainStep {
  readonly from: WorldId;
  readonly to: WorldId;
  readonly join: GroupJoin;
}

/**
 * Why two devices are in one group. Every device but the first of a group came in through one that was there before, so
 * the joins are a tree, and exactly one way leads from device to device. Null: a device on that way has been removed
 * since, and took the reason with it.
 */
export function chainBetween(group: Pick<GroupObject, 'joins'>, a: WorldId, b: WorldId): ChainStep[] | null {
  const joinOf = new Map(group.joins.map((join) => [join.deviceId, join]));
  const fromA = wayUp(joinOf, a);
  const fromB = wayUp(joinOf, b);
  const metA = fromA.findIndex((id) => fromB.includes(id));
  const met = fromA[metA];
  if (met === undefined) return null;
  const steps: ChainStep[] = [];
  for (const [at, from] of fromA.slice(0, metA).entries()) {
    const join = joinOf.get(from);
    const to = fromA[at + 1];
    if (join && to !== undefined) steps.push({ from, to, join });
  }
  for (const [at, from] of [...fromB.slice(0, fromB.indexOf(met) + 1).entries()].reverse()) {
    const to = fromB[at - 1];
    const join = to === undefined ? undefined : joinOf.get(to);
    if (join && to !== undefined) steps.push({ from, to, join });
  }
  return steps;
}

/** The device, what it joined, what that had joined … up to the first of the group. */
function wayUp(joinOf: ReadonlyMap<WorldId, GroupJoin>, start: WorldId): readonly WorldId[] {
  const way = [start];
  for (let join = joinOf.get(start); join && !way.includes(join.withId); join = joinOf.get(join.withId))
    way.push(join.withId);
  return way;
}

/** Every device that the steps name, in their order, and those that they only look at. */
export function devicesOf(steps: readonly ChainStep[]): {
  readonly chain: readonly WorldId[];
  readonly others: readonly WorldId[];
} {
  const [first] = steps;
  const chain = first ? [first.from, ...steps.map(({ to }) => to)] : [];
  const looked = steps.flatMap(({ join }) => join.evidence.map(({ deviceId }) => deviceId));
  return { chain, others: [...new Set(looked)].filter((id) => !chain.includes(id)) };
}

/** What Linux asks of a function before it takes it for isolated. Linux: drivers/iommu/iommu.c REQ_ACS_FLAGS */
export const ISOLATING = ['SV', 'RR', 'CR', 'UF'] as const;

export type Keeping =
  /** All that Linux asks for is on, or not in the capability, which counts as hard-wired on. */
  | 'acs-on'
  /** Some of it is off. */
  | 'acs-off'
  | 'no-acs'
  /** No port, and alone in its slot: Linux asks for nothing. */
  | 'single-function';

/** What a device's registers, as far as the page sees them, say about keeping requests apart. */
export function keepingOf(device: DeviceObject): Keeping {
  const port = device.kind === 'root-port' || device.kind === 'downstream-port';
  const bridge =
    device.kind === 'pcie-to-pci' || device.kind === 'pci-to-pcie' || device.kind === 'pci-bridge';
  if (!port && !bridge && device.kind !== 'pci' && device.kind !== 'rcec' && !device.multifunction)
    return 'single-function';
  if (bridge || device.acs === null) return 'no-acs';
  return missingBits(device).length === 0 ? 'acs-on' : 'acs-off';
}

/** Bits that the capability has, Linux asks for and the control register lacks. */
export const missingBits = ({ acs }: Pick<DeviceObject, 'acs'>): readonly string[] =>
  acs === null ? [] : ISOLATING.filter((bit) => acs.cap.includes(bit) && !acs.ctrl.includes(bit));

/** An ACS capability without any of the bits: there is nothing that could be switched off. */
export const lacksAllBits = ({ acs }: Pick<DeviceObject, 'acs'>): boolean =>
  acs !== null && !ISOLATING.some((bit) => acs.cap.includes(bit));

/** One device on the way that a request from one to the other would take. */
export interface WayStep {
  readonly device: DeviceObject;
  readonly keeping: Keeping;
  /** The next device on the way is in another group, or this one and the next have none in common. */
  readonly boundary: boolean;
}

export interface Way {
  readonly steps: readonly WayStep[];
  /** The topmost of the steps: the bridge where the two ways meet; null where that is the root complex. */
  readonly top: WorldId | null;
  /** How many of the steps come before the meeting point. */
  readonly up: number;
}

/** Up from `a` to where the ways meet, and down to `b`; both ends are in it. */
export function wayBetween(objects: Objects, a: DeviceObject, b: DeviceObject): Way {
  const above = ancestorsOf(objects, a);
  const aboveB = ancestorsOf(objects, b);
  const meet = above.findIndex((device) => aboveB.some(({ id }) => id === device.id));
  const top = meet < 0 ? null : (above[meet] ?? null);
  const up = top === null ? above : above.slice(0, meet);
  const down = (
    top === null
      ? aboveB
      : aboveB.slice(
          0,
          aboveB.findIndex(({ id }) => id === top.id),
        )
  ).toReversed();
  const all = [...up, ...(top === null ? [] : [top]), ...down];
  const steps = all.map((device, at) => {
    const next = all[at + 1];
    return {
      device,
      keeping: keepingOf(device),
      boundary: next !== undefined && (device.groupId === null || device.groupId !== next.groupId),
    };
  });
  return { steps, top: top?.id ?? null, up: up.length };
}

/** The bridges on either side of where the two ways meet, each with the step below it. */
function atTheTurn({ steps, top, up }: Way): readonly (readonly [WayStep, WayStep | undefined])[] {
  const down = top === null ? up : up + 1;
  const [left, right] = [steps[up - 1], steps[down]];
  return [
    ...(left?.device.isBridge ? [[left, steps[up - 2]] as const] : []),
    ...(right?.device.isBridge ? [[right, steps[down + 1]] as const] : []),
  ];
}

/** Ports that would have to let a request across; further down it goes up whatever they redirect. */
export const redirectingOn = (way: Way): readonly DeviceObject[] =>
  atTheTurn(way).flatMap(([{ device, keeping }]) => (keeping === 'acs-on' ? [device] : []));

/**
 * Those that isolate nothing and are one group with what is below: Linux asks them on the way up from their own devices, and
 * never on behalf of those beside. Linux: pci_acs_path_enabled()
 */
export const unaskedOn = (way: Way): readonly DeviceObject[] =>
  atTheTurn(way).flatMap(([{ device, keeping }, below]) =>
    (keeping === 'no-acs' || keeping === 'acs-off') && device.groupId === below?.device.groupId
      ? [device]
      : [],
  );

/** The device itself, then every bridge above it. */
function ancestorsOf(objects: Objects, device: DeviceObject): readonly DeviceObject[] {
  const way: DeviceObject[] = [];
  for (
    let at: DeviceObject | null = device;
    at && !way.includes(at);
    at = find(objects, at.parentId, 'device')
  )
    way.push(at);
  return way;
}
