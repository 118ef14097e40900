import type { DeviceObject, HwptObject, IoasObject } from '../engine/sim/world';
import { all, find } from '../store/object-words';
import { scriptName } from '../store/script';
import type { AppState } from '../store/types';
import type { Target } from '../worker/api';
import { onObject, say, type Choice, type Command, type Preview } from './command';
import { nameOfIdev } from './device';
import { attachToNewLines } from './lines';
import { choiceOf, endpoints, idevOf, makesDma } from './objects';
import * as says from '../words/commands/attach';

/** Attach, replace and detach: from the device, and from what it is attached to. */

/** More devices than this are offered untried: each is a try on a copy of the machine. */
const TRIED = 12;
const REFUSED = says.theKernelWouldRefuse;

const isAttached = (device: DeviceObject, app: AppState): boolean =>
  (idevOf(app, device)?.hwptId ?? null) !== null;

/** The canvas lights the targets up while somebody chooses, as it does while an edge is dragged. */
const onCanvas: Preview = {
  show: ({ actions }, [id]) => {
    if (id !== undefined) void actions.startConnecting(id);
  },
  hide: ({ actions }) => actions.stopConnecting(),
};

const noDevices = (_target: unknown, { objects }: AppState): string | null =>
  endpoints(objects).length === 0 ? says.thereIsNoDeviceThatCould : null;

export const ATTACH_COMMANDS: readonly Command[] = [
  onObject('device', {
    id: 'device.attach',
    label: says.attachTo,
    verb: 'ATTACH',
    group: 'attach',
    words: says.vfioDeviceAttachIommufdPtConnectFinds,
    preview: onCanvas,
    fits: (device, app) => makesDma(device) && !isAttached(device, app),
    choices: targetChoices,
  }),
  onObject('device', {
    id: 'device.replace',
    menu: 'ready',
    label: says.replaceWith,
    verb: 'REPLACE',
    group: 'attach',
    words: says.attachVfioDeviceAttachIommufdPtFinds,
    preview: onCanvas,
    fits: makesDma,
    against: (device, app) => (isAttached(device, app) ? null : says.itIsNotAttachedThere),
    choices: targetChoices,
  }),
  onObject('device', {
    id: 'device.detach',
    label: says.detach,
    verb: 'DETACH',
    group: 'attach',
    words: says.vfioDeviceDetachIommufdPtDisconnectFinds,
    fits: makesDma,
    against: (device, app) => (isAttached(device, app) ? null : says.itIsNotAttached),
    lines: (device, app) => [`DETACH ${nameOfIdev(device, app)}`],
  }),
  onObject('device', {
    id: 'device.attach-pasid',
    menu: 'ready',
    label: says.attachAPasid,
    verb: 'ATTACH',
    group: 'attach',
    words: says.pasidIommufdDevicePasidAttachFinds,
    fits: makesDma,
    against: (device) =>
      device.idevId === null
        ? says.itIsNotBound
        : device.services.includes('PASID')
          ? null
          : says.itsPASIDsAreOff,
    draft: (device, app) => {
      const idev = idevOf(app, device);
      const hwpt = Object.values(app.objects).find(
        (each) => each.type === 'hwpt' && each.pasid && each.contextId === idev?.contextId,
      );
      return `ATTACH ${nameOfIdev(device, app)} ${hwpt === undefined ? 'hwpt' : scriptName(hwpt)} pasid=${freePasid(device, app)}`;
    },
  }),
  onObject('device', {
    id: 'device.detach-pasid',
    menu: 'ready',
    label: says.detachAPasid,
    verb: 'DETACH',
    group: 'attach',
    words: says.pasidIommufdDevicePasidDetachFinds,
    fits: makesDma,
    against: (device, app) =>
      (idevOf(app, device)?.pasids.length ?? 0) > 0 ? null : says.noPasidOfItIsAttached,
    choices: (device, app) =>
      (idevOf(app, device)?.pasids ?? []).map(({ pasid, hwptId }) => ({
        key: String(pasid),
        label: `PASID ${pasid}`,
        detail: hwptId,
        type: 'hwpt' as const,
        run: () => say(app, [`DETACH ${nameOfIdev(device, app)} pasid=${pasid}`]),
      })),
  }),
  onObject('ioas', {
    id: 'ioas.attach',
    label: says.attachADevice,
    verb: 'ATTACH',
    group: 'attach',
    words: says.replaceConnectFinds,
    against: noDevices,
    choices: deviceChoices,
  }),
  onObject('hwpt', {
    id: 'hwpt.attach',
    label: says.attachADevice,
    verb: 'ATTACH',
    group: 'attach',
    words: says.replaceConnectFinds,
    against: noDevices,
    choices: deviceChoices,
  }),
  onObject('hwpt', {
    id: 'hwpt.detach',
    label: says.detachItsDevices,
    verb: 'DETACH',
    group: 'attach',
    against: (hwpt, app) => (attachedTo(hwpt, app).length > 0 ? null : says.noDeviceIsAttachedToIt),
    lines: (hwpt, app) => attachedTo(hwpt, app).map((idev) => `DETACH ${scriptName(idev)}`),
  }),
];

const attachedTo = (hwpt: HwptObject, { objects }: AppState) =>
  all(objects, 'idev').filter((idev) => {
    const device = find(objects, idev.deviceId, 'device');
    // Mock devices of the kernel's tests are attached for life.
    return idev.hwptId === hwpt.id && device !== null && makesDma(device);
  });

function freePasid(device: DeviceObject, app: AppState): number {
  const taken = idevOf(app, device)?.pasids.map(({ pasid }) => pasid) ?? [];
  return Math.max(0, ...taken) + 1;
}

/** Every IOAS and HWPT, those where it would work first; the same tries as when the device's edge is dragged. */
async function targetChoices(device: DeviceObject, app: AppState): Promise<readonly Choice[]> {
  const targets = (await app.actions.readTargets(device.id)) ?? [];
  const idev = idevOf(app, device);
  const context =
    find(app.objects, idev?.contextId, 'context') ??
    Object.values(app.objects).find((each) => each.type === 'context') ??
    null;
  const toNew: Choice = {
    key: 'new',
    label: says.aNewIoas,
    detail: 'IOAS_ALLOC',
    type: 'ioas',
    run: () => say(app, attachToNewLines(app.script, device, idev, context)),
  };
  const [legal, illegal] = [true, false].map((ok) =>
    targets.filter((target) => target.ok === ok).flatMap((target) => choiceOfTarget(target, app)),
  );
  return [...(legal ?? []), toNew, ...(illegal ?? [])];
}

function choiceOfTarget(target: Target, app: AppState): readonly Choice[] {
  const object = app.objects[target.targetId];
  // What a try has no line for cannot be said at all.
  if (object === undefined || target.lines.length === 0) return [];
  return [choiceOf(object, () => say(app, target.lines), refusalOf(target))];
}

const refusalOf = ({ ok, errno, why }: Target): Partial<Choice> =>
  ok ? {} : { heading: REFUSED, against: [errno, why].filter(Boolean).join(' ') };

async function deviceChoices(to: IoasObject | HwptObject, app: AppState): Promise<readonly Choice[]> {
  const devices = endpoints(app.objects);
  const connect = async (device: DeviceObject): Promise<void> => {
    await app.actions.startConnecting(device.id);
    await app.actions.connectTo(to.id);
  };
  if (devices.length > TRIED) return devices.map((device) => choiceOf(device, () => connect(device)));
  const tried = await Promise.all(
    devices.map(async (device) => {
      const target = (await app.actions.readTargets(device.id))?.find((each) => each.targetId === to.id);
      const run = () => (target === undefined ? connect(device) : say(app, target.lines));
      return choiceOf(device, run, target === undefined ? {} : refusalOf(target));
    }),
  );
  return tried.toSorted(
    (a, b) => Number((a.against ?? null) !== null) - Number((b.against ?? null) !== null),
  );
}
