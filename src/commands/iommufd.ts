import type { FaultQueueObject, HwptObject, WorldObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { find, titleOf } from '../store/object-words';
import { scriptName } from '../store/script';
import type { AppState } from '../store/types';
import { groupedHex } from '../ui/numbers';
import { onObject, say, type Choice, type Command } from './command';
import { bindLines, newIoasLine } from './lines';
import { choiceOf, endpoints } from './objects';
import * as says from '../words/commands/iommufd';

/** Contexts and what lies in them, but for IOASes and what serves a guest. */

const DESTROYABLE = ['ioas', 'hwpt', 'fault', 'viommu', 'vdevice', 'veventq', 'hw-queue'] as const;
type Destroyable = Extract<WorldObject, { type: (typeof DESTROYABLE)[number] }>;

/** IOMMU_DESTROY; what the kernel says to it is part of the lesson. */
const DESTROY: readonly Command[] = DESTROYABLE.map((type) =>
  onObject(type, {
    id: `${type}.destroy`,
    label: says.destroy,
    verb: 'DESTROY',
    group: 'edit',
    words: says.iommuDestroyDeleteFinds,
    lines: (object: Destroyable) => [`DESTROY ${scriptName(object)}`],
  }),
);

export const IOMMUFD_COMMANDS: readonly Command[] = [
  onObject('context', {
    id: 'context.ioas',
    label: says.newIoas,
    verb: 'IOAS_ALLOC',
    group: 'make',
    words: says.addressSpaceFinds,
    lines: (context, { script }) => [newIoasLine(script, context)],
  }),
  onObject('context', {
    id: 'context.fault-queue',
    label: says.newFaultQueue,
    verb: 'FAULT_QUEUE_ALLOC',
    group: 'make',
    words: says.iommuFaultQueueAllocPageFaultsIopfFinds,
    lines: (context, { script }) => [
      `${freshName(script, 'faults')} = FAULT_QUEUE_ALLOC ${scriptName(context)}`,
    ],
  }),
  onObject('context', {
    id: 'context.bind',
    label: says.bindADeviceToIt,
    verb: 'BIND',
    group: 'attach',
    words: 'VFIO_DEVICE_BIND_IOMMUFD',
    against: (_context, { objects }) =>
      endpoints(objects).some((device) => device.idevId === null) ? null : says.everyDeviceIsBoundAlready,
    choices: (context, app) =>
      endpoints(app.objects)
        .filter((device) => device.idevId === null)
        .map((device) => choiceOf(device, () => say(app, bindLines(app.script, device, context)))),
  }),
  onObject('context', {
    id: 'context.accounting',
    menu: 'never',
    label: says.countPinnedPages,
    verb: 'OPTION RLIMIT_MODE',
    group: 'edit',
    words: says.accountingUserProcessLimitFinds,
    choices: (context, app) =>
      [
        { value: 0, label: says.againstTheUsersLimit },
        { value: 1, label: says.againstTheProcesssLimit },
      ].map(({ value, label }) => ({
        key: String(value),
        label,
        detail: `RLIMIT_MODE ${value}`,
        run: () => say(app, [`OPTION ${scriptName(context)} RLIMIT_MODE ${value}`]),
      })),
  }),
  onObject('context', {
    id: 'context.heir',
    menu: 'never',
    label: says.letAnotherProcessTakeItOver,
    verb: 'IOAS_CHANGE_PROCESS',
    group: 'edit',
    draft: (context) => `IOAS_CHANGE_PROCESS ${scriptName(context)} heir`,
  }),
  onObject('context', {
    id: 'context.vfio',
    menu: 'never',
    label: says.whichIoasVFIOsCallsWorkOn,
    verb: 'VFIO_IOAS GET',
    group: 'open',
    words: says.containerCompatibilityFinds,
    lines: (context) => [`VFIO_IOAS ${scriptName(context)} GET`],
  }),
  onObject('context', {
    id: 'context.close',
    label: says.close,
    verb: 'close',
    group: 'edit',
    help: says.withEverythingInIt,
    lines: (context) => [`close ${scriptName(context)}`],
  }),
  onObject('hwpt', {
    id: 'hwpt.dirty',
    menu: 'ready',
    label: says.trackWhichPagesAreWritten,
    verb: 'HWPT_SET_DIRTY_TRACKING',
    group: 'edit',
    words: says.dirtyMigrationOnOffFinds,
    fits: (hwpt) => !hwpt.nested,
    against: withoutDirty,
    choices: (hwpt, app) =>
      (['on', 'off'] as const).map((state) => ({
        key: state,
        label: state === 'on' ? says.fromNowOn : says.notAnyMore,
        run: () => say(app, [`HWPT_SET_DIRTY_TRACKING ${scriptName(hwpt)} ${state}`]),
      })),
  }),
  onObject('hwpt', {
    id: 'hwpt.bitmap',
    menu: 'ready',
    label: says.askWhichPagesWereWritten,
    verb: 'HWPT_GET_DIRTY_BITMAP',
    group: 'open',
    words: says.dirtyMigrationFinds,
    fits: (hwpt) => !hwpt.nested,
    against: (hwpt, app) =>
      withoutDirty(hwpt) ?? (firstArea(hwpt, app) === undefined ? says.nothingIsMappedInItsIoas : null),
    lines: (hwpt, app) => {
      const area = firstArea(hwpt, app);
      if (area === undefined) return [];
      const length = (area.last - area.iova + 1n).toString(16);
      return [`HWPT_GET_DIRTY_BITMAP ${scriptName(hwpt)} iova=0x${area.iova.toString(16)} len=0x${length}`];
    },
  }),
  onObject('hwpt', {
    id: 'hwpt.root',
    label: says.showItsRootInMemory,
    group: 'open',
    words: says.tableHexFinds,
    fits: (hwpt) => !hwpt.nested && hwpt.levels > 0,
    show: (hwpt, { actions }) => actions.showMemory(hwpt.rootPa),
  }),
  onObject('fault', {
    id: 'fault.read',
    label: says.readPageFaults,
    verb: 'read',
    group: 'dma',
    against: (queue) => (queue.queued.length > 0 ? null : says.noFaultWaitsToBeRead),
    lines: (queue) => [`read ${scriptName(queue)}`],
  }),
  onObject('fault', {
    id: 'fault.answer',
    label: says.answerPageFaults,
    verb: 'write',
    group: 'dma',
    words: says.respondSuccessInvalidFinds,
    against: (queue) => (queue.pending.length > 0 ? null : says.noFaultWaitsForAnAnswer),
    choices: answerChoices,
  }),
  ...DESTROY,
];

function withoutDirty(hwpt: HwptObject): string | null {
  return hwpt.dirtyTracking ? null : says.itWasMadeWithoutDirty;
}

const firstArea = (hwpt: HwptObject, { objects }: AppState) => find(objects, hwpt.ioasId, 'ioas')?.areas[0];

function answerChoices(queue: FaultQueueObject, app: AppState): readonly Choice[] {
  const cookies = [...new Set(queue.pending.flatMap(({ cookie }) => cookie ?? []))];
  return cookies.flatMap((cookie) => {
    const fault = queue.pending.find((each) => each.cookie === cookie);
    const device = fault === undefined ? undefined : app.objects[fault.deviceId];
    return ['SUCCESS', 'INVALID'].map((answer) => ({
      key: `${cookie} ${answer}`,
      label: answer,
      heading: says.fault(
        cookie,
        device === undefined ? '' : says.ofIt(titleOf(device)),
        fault === undefined ? '' : says.at(groupedHex(fault.iova)),
      ),
      run: () => say(app, [`write ${scriptName(queue)} ${cookie} ${answer}`]),
    }));
  });
}
