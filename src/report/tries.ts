import type { Partition } from '../engine/sim/partition';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import type { DeviceObject, GroupObject, WorldId } from '../engine/sim/world';
import { keepingOf, missingBits } from '../panels/groups/chain';
import { withWord } from '../panels/groups/cmdline';
import { compareSlots } from '../panels/groups/what-if/slots';
import { addressOf } from '../panels/groups/words';
import { all, find, type Objects } from '../panels/shared/words';
import { cmdlineOf, setCmdline } from '../scenario/what-if/set-cmdline';
import { REPORT as words } from '../words/report';
import { MOST_TRIED, type Parting, type Tried } from './report';

/** What of the machine can be asked of the engine; both try on copies. */
export interface Asking {
  readonly readPartition: (script: string) => Promise<Partition | null>;
  readonly readPassthrough: (deviceId: WorldId) => Promise<PassthroughVerdict | null>;
}

/** Tries one after another; `tell` hears how far it is. Ends early once `isOver`. */
export async function tryAll(
  objects: Objects,
  script: string,
  { readPartition, readPassthrough }: Asking,
  tell: (done: number, of: number) => void,
  isOver: () => boolean,
): Promise<Tried | null> {
  const groups = all(objects, 'group').filter(({ deviceIds }) => deviceIds.length > 0);
  const asked = groups.length > MOST_TRIED ? [] : groups.flatMap((group) => forVm(objects, group));
  const shared = groups.filter(({ deviceIds }) => deviceIds.length > 1);
  const boots = shared.length === 0 ? [] : bootsOf(objects, script);
  const cards = shared.flatMap((group) => cardsOf(objects, group)).slice(0, MOST_CARDS);
  const total = asked.length + boots.length + cards.length;
  let done = 0;
  const verdicts = new Map<WorldId, PassthroughVerdict>();
  const partings = new Map<WorldId, Parting[]>(shared.map(({ id }) => [id, []]));
  tell(done, total);

  for (const { group, device } of asked) {
    const verdict = await readPassthrough(device.id);
    if (isOver()) return null;
    if (verdict !== null) verdicts.set(group.id, verdict);
    tell(++done, total);
  }
  for (const { word, cost } of boots) {
    const changed = setCmdline(script, withWord(cmdlineOf(script), word));
    const partition = changed.ok ? await readPartition(changed.script) : null;
    if (isOver()) return null;
    for (const group of shared) {
      if (partition === null) break;
      const parts = partsOf(group, partition);
      if (parts.length > 1) partings.get(group.id)?.push({ kind: 'boot', word, cost, parts });
    }
    tell(++done, total);
  }
  for (const { group, device } of cards) {
    const [best] = await compareSlots(script, device.bdf, readPartition);
    if (isOver()) return null;
    const now = group.deviceIds.length - 1;
    if (best?.port != null && best.others !== null && best.others.length < now)
      partings.get(group.id)?.push({
        kind: 'move',
        device: addressOf(device.id),
        port: best.port,
        others: best.others.map(addressOf),
      });
    tell(++done, total);
  }
  return { verdicts, partings };
}

/** Each is tried in every free slot. */
const MOST_CARDS = 6;

/** The verdict on one device of a group tells of the whole group: it goes together or not at all. */
function forVm(
  objects: Objects,
  group: GroupObject,
): readonly { readonly group: GroupObject; readonly device: DeviceObject }[] {
  const device = devicesOf(objects, group).find(({ isBridge }) => !isBridge);
  return device === undefined ? [] : [{ group, device }];
}

const devicesOf = (objects: Objects, { deviceIds }: GroupObject): readonly DeviceObject[] =>
  deviceIds.flatMap((id) => find(objects, id, 'device') ?? []);

/** Words of the command line that may part groups of this machine. */
function bootsOf(
  objects: Objects,
  script: string,
): readonly { readonly word: string; readonly cost: string }[] {
  const off = all(objects, 'device').filter(
    (device) => keepingOf(device) === 'acs-off' && missingBits(device).length > 0,
  );
  const bits = off.map(({ bdf }) => `xx111x1@${bdf}`).join(';');
  return [
    ...(bits === '' ? [] : [{ word: `pci=config_acs=${bits}`, cost: words.bitsCost }]),
    ...(/\bpcie_acs_override=/.test(cmdlineOf(script))
      ? []
      : [{ word: words.override, cost: words.overrideCost }]),
  ];
}

/** One function of every card that can be plugged elsewhere, where a group holds more than that card. */
function cardsOf(
  objects: Objects,
  group: GroupObject,
): readonly { readonly group: GroupObject; readonly device: DeviceObject }[] {
  const devices = devicesOf(objects, group).filter(({ isBridge }) => !isBridge);
  const slots = new Map<WorldId | null, DeviceObject>();
  for (const device of devices) if (!slots.has(device.parentId)) slots.set(device.parentId, device);
  if (slots.size < 2) return [];
  return [...slots].flatMap(([parentId, device]) => (parentId === null ? [] : [{ group, device }]));
}

/** How a group falls apart in another partition of the same devices, by their addresses. */
export function partsOf(
  { deviceIds }: Pick<GroupObject, 'deviceIds'>,
  { groups }: Partition,
): readonly (readonly string[])[] {
  return groups.flatMap((other) => {
    const here = deviceIds.filter((id) => other.deviceIds.includes(id));
    return here.length === 0 ? [] : [here.map(addressOf)];
  });
}
