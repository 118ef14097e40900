import type { HwptObject, ViommuObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { all, find } from '../store/object-words';
import { scriptName } from '../store/script';
import type { AppState } from '../store/types';
import { onObject, say, type Command } from './command';
import { choiceOf } from './objects';
import * as says from '../words/commands/guest';

/** What a virtual machine gets of an IOMMU: nested tables, vIOMMUs, and what hangs on them. */

/** The type that the driver of an IOMMU knows; null: it has no vIOMMUs. */
export function viommuType(hwpt: HwptObject, { objects }: AppState): string | null {
  const iommu = find(objects, hwpt.iommuId, 'iommu');
  if (iommu?.vendor === 'smmuv3') return 'IOMMU_VIOMMU_TYPE_ARM_SMMUV3';
  return iommu?.title === 'mock' ? 'IOMMU_VIOMMU_TYPE_SELFTEST' : null;
}

const EVENTS: Readonly<Record<string, string>> = {
  IOMMU_VIOMMU_TYPE_ARM_SMMUV3: 'IOMMU_VEVENTQ_TYPE_ARM_SMMUV3',
  IOMMU_VIOMMU_TYPE_SELFTEST: 'IOMMU_VEVENTQ_TYPE_SELFTEST',
};

/** Bytes of a guest's table for each type, as a start: what they mean is the driver's. */
const NESTED: Readonly<Record<string, string>> = {
  vtd: 'type=VTD_S1 data="0x0 0x10000 0x30"',
  smmuv3: 'type=ARM_SMMUV3 data="0x2000b 0x0"',
};

const boundIn = (contextId: string, { objects }: AppState) =>
  all(objects, 'idev').filter((idev) => idev.contextId === contextId);

const noDevice = (object: { readonly contextId: string }, app: AppState): string | null =>
  boundIn(object.contextId, app).length === 0 ? says.noDeviceIsBoundToItsContext : null;

export const GUEST_COMMANDS: readonly Command[] = [
  onObject('hwpt', {
    id: 'hwpt.viommu',
    menu: 'ready',
    label: says.newVIOMMU,
    verb: 'VIOMMU_ALLOC',
    group: 'make',
    words: says.guestVirtualMachineFinds,
    against: (hwpt, app) =>
      !hwpt.nestParent
        ? says.itWasMadeWithoutNestParent
        : viommuType(hwpt, app) === null
          ? says.theDriverOfItsIommu
          : noDevice(hwpt, app),
    choices: (hwpt, app) =>
      boundIn(hwpt.contextId, app).map((idev) =>
        choiceOf(
          app.objects[idev.deviceId] ?? idev,
          () =>
            say(app, [
              `${freshName(app.script, 'vm')} = VIOMMU_ALLOC ${scriptName(idev)} ${scriptName(hwpt)} type=${viommuType(hwpt, app) ?? ''}`,
            ]),
          { key: idev.id },
        ),
      ),
  }),
  onObject('hwpt', {
    id: 'hwpt.nested',
    menu: 'ready',
    label: says.newNestedHwptOnIt,
    verb: 'HWPT_ALLOC',
    group: 'make',
    words: says.guestStage1Finds,
    against: (hwpt, app) => (hwpt.nestParent ? noDevice(hwpt, app) : says.itWasMadeWithoutNestParent),
    draft: (hwpt, app) => nestedLine(hwpt.contextId, scriptName(hwpt), hwpt.iommuId, app),
  }),
  onObject('viommu', {
    id: 'viommu.nested',
    label: says.newNestedHwpt,
    verb: 'HWPT_ALLOC',
    group: 'make',
    words: says.guestStage1Finds,
    against: noDevice,
    draft: (viommu, app) => nestedLine(viommu.contextId, scriptName(viommu), viommu.iommuId, app),
  }),
  onObject('hwpt', {
    id: 'hwpt.invalidate',
    menu: 'ready',
    label: says.dropWhatCachesHaveOfIt,
    verb: 'HWPT_INVALIDATE',
    group: 'edit',
    fits: (hwpt) => hwpt.nested,
    draft: (hwpt) => `HWPT_INVALIDATE ${scriptName(hwpt)} type=1 entry=16 data="00 00"`,
  }),
  onObject('viommu', {
    id: 'viommu.invalidate',
    label: says.dropWhatCachesHaveOfItsGuest,
    verb: 'HWPT_INVALIDATE',
    group: 'edit',
    draft: (viommu) => `HWPT_INVALIDATE ${scriptName(viommu)} type=1 entry=16 data="00 00"`,
  }),
  onObject('viommu', {
    id: 'viommu.vdevice',
    label: says.showADeviceToItsGuest,
    verb: 'VDEVICE_ALLOC',
    group: 'make',
    words: says.virtualIdFinds,
    against: noDevice,
    choices: (viommu, app) =>
      boundIn(viommu.contextId, app).map((idev) =>
        choiceOf(
          app.objects[idev.deviceId] ?? idev,
          () =>
            say(app, [
              `${freshName(app.script, 'vdev')} = VDEVICE_ALLOC ${scriptName(viommu)} ${scriptName(idev)} id=${freeId(viommu, app)}`,
            ]),
          { key: idev.id },
        ),
      ),
  }),
  onObject('viommu', {
    id: 'viommu.events',
    label: says.newEventQueue,
    verb: 'VEVENTQ_ALLOC',
    group: 'make',
    against: (viommu) => (viommu.kind in EVENTS ? null : says.hasNoEvents(viommu.kind)),
    lines: (viommu, app) => [
      `${freshName(app.script, 'events')} = VEVENTQ_ALLOC ${scriptName(viommu)} type=${EVENTS[viommu.kind] ?? '1'} depth=8`,
    ],
  }),
  onObject('viommu', {
    id: 'viommu.queue',
    label: says.newHardwareQueue,
    verb: 'HW_QUEUE_ALLOC',
    group: 'make',
    draft: (viommu, app) =>
      `${freshName(app.script, 'queue')} = HW_QUEUE_ALLOC ${scriptName(viommu)} type=1 index=0 iova=0x100000 len=4K`,
  }),
  onObject('veventq', {
    id: 'veventq.read',
    label: says.readItsEvents,
    verb: 'read',
    group: 'dma',
    against: (queue) => (queue.queued > 0 ? null : says.noEventWaitsToBeRead),
    lines: (queue) => [`read ${scriptName(queue)}`],
  }),
  onObject('selftest', {
    id: 'selftest.fault',
    label: says.letItAskForAPage,
    verb: 'TEST_TRIGGER_IOPF',
    group: 'dma',
    draft: (mock, app) => `TEST_TRIGGER_IOPF ${idevName(mock.idevId, app)} 0x1000 rw group=1`,
  }),
  onObject('selftest', {
    id: 'selftest.event',
    label: says.letSomethingHappenToIt,
    verb: 'TEST_TRIGGER_VEVENT',
    group: 'dma',
    lines: (mock, app) => [`TEST_TRIGGER_VEVENT ${idevName(mock.idevId, app)}`],
  }),
  onObject('selftest', {
    id: 'selftest.replace',
    label: says.replaceWith,
    verb: 'TEST_MOCK_DOMAIN_REPLACE',
    group: 'attach',
    choices: (mock, app) =>
      [...all(app.objects, 'ioas'), ...all(app.objects, 'hwpt')]
        .filter((each) => each.contextId === mock.contextId)
        .map((target) =>
          choiceOf(target, () =>
            say(app, [`TEST_MOCK_DOMAIN_REPLACE ${idevName(mock.idevId, app)} ${scriptName(target)}`]),
          ),
        ),
  }),
];

const idevName = (id: string, { objects }: AppState): string => {
  const idev = find(objects, id, 'idev');
  return idev === null ? id : scriptName(idev);
};

export function nestedLine(contextId: string, over: string, iommuId: string, app: AppState): string {
  const [idev] = boundIn(contextId, app);
  const vendor = find(app.objects, iommuId, 'iommu')?.vendor ?? '';
  const data = NESTED[vendor] ?? 'type=SELFTEST data="efbeadba 00000000"';
  return `${freshName(app.script, 'guest')} = HWPT_ALLOC ${idev === undefined ? 'dev' : scriptName(idev)} ${over} ${data}`;
}

function freeId(viommu: ViommuObject, { objects }: AppState): string {
  const taken = new Set(viommu.vdeviceIds.map((id) => find(objects, id, 'vdevice')?.virtId));
  let id = 1n;
  while (taken.has(id)) id++;
  return `0x${id.toString(16)}`;
}
