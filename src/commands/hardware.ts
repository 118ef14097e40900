import type { GroupObject } from '../engine/sim/world';
import { all, find } from '../store/object-words';
import { driverLine, isVfio, nativeDriver, vfioDriver } from '../store/script';
import type { AppState, PanelId } from '../store/types';
import { onObject, say, type Command } from './command';
import { isPci, makesDma } from './objects';
import * as says from '../words/commands/hardware';

/** IOMMUs and their groups, and what panels tell of them. */

const membersOf = (group: GroupObject, { objects }: AppState) =>
  group.deviceIds.flatMap((id) => {
    const device = find(objects, id, 'device');
    return device !== null && makesDma(device) ? [device] : [];
  });

const withoutVfio = (group: GroupObject, app: AppState) =>
  membersOf(group, app).filter((device) => device.driver === null || !isVfio(device.driver.name));

/** Members that a native driver could have back. */
const givenAway = (group: GroupObject, app: AppState) =>
  membersOf(group, app).flatMap((device) => {
    const own = nativeDriver(app.script, device.bdf);
    return own !== null && device.driver?.name !== own ? [{ device, own }] : [];
  });

const TYPES = [
  { type: 'DMA', detail: says.translatedUnmappedAtOnce },
  { type: 'DMA-FQ', detail: says.translatedUnmappedFromTheIotlbLater },
  { type: 'identity', detail: says.addressesAsTheyAre },
  { type: 'auto', detail: says.whatTheKernelWouldChoose },
] as const;

const panelOf = (panel: PanelId, label: string, words: string): Command =>
  onObject('iommu', {
    id: `iommu.${panel}`,
    label: says.showIts(label),
    group: 'open',
    words,
    against: (iommu) => (iommu.vendor === 'generic' ? says.itIsOfNoVendor : null),
    show: (iommu, { actions }) => {
      actions.select(iommu.id);
      actions.showPanel(panel);
    },
  });

export const HARDWARE_COMMANDS: readonly Command[] = [
  onObject('group', {
    id: 'group.vfio',
    menu: 'ready',
    label: says.bindAllOfItToVfio,
    verb: 'driver',
    group: 'attach',
    words: says.vfioPciPassthroughViableFinds,
    fits: (group, app) => membersOf(group, app).length > 0,
    against: (group, app) => (withoutVfio(group, app).length === 0 ? says.everyDeviceOf : null),
    lines: (group, app) => withoutVfio(group, app).map((device) => driverLine(device, vfioDriver(device))),
  }),
  onObject('group', {
    id: 'group.native',
    menu: 'ready',
    label: says.giveAllOfItBack,
    verb: 'driver',
    group: 'attach',
    words: says.nativeFinds,
    fits: (group, app) => membersOf(group, app).length > 0,
    against: (group, app) => (givenAway(group, app).length === 0 ? says.noDeviceOfItIsKnown : null),
    lines: (group, app) => givenAway(group, app).map(({ device, own }) => driverLine(device, own)),
  }),
  onObject('group', {
    id: 'group.type',
    label: says.defaultDomain,
    verb: 'echo',
    group: 'edit',
    words: says.sysfsTypeIdentityDmaDmaFqFinds,
    choices: (group, app) =>
      TYPES.map(({ type, detail }) => ({
        key: type,
        label: type,
        detail,
        current: group.defaultType === type,
        run: () => say(app, [`echo ${type} /sys/kernel/iommu_groups/${group.number}/type`]),
      })),
  }),
  onObject('group', {
    id: 'group.open',
    menu: 'never',
    label: says.openItsVfioFile,
    verb: 'open',
    group: 'attach',
    words: says.devVfioContainerLegacyFinds,
    draft: (group) => `group = open /dev/vfio/${group.number}`,
  }),
  onObject('group', {
    id: 'group.claim',
    menu: 'never',
    label: says.claimItsDma,
    verb: 'iommu_group_claim_dma_owner',
    group: 'edit',
    words: says.ownerFinds,
    draft: (group) => `iommu_group_claim_dma_owner ${group.number} me`,
  }),
  onObject('group', {
    id: 'group.release',
    menu: 'ready',
    label: says.releaseItsDma,
    verb: 'iommu_group_release_dma_owner',
    group: 'edit',
    words: says.ownerFinds,
    against: (group) => (group.ownerId?.startsWith('owner:') === true ? null : says.nobodyHasClaimedItByHand),
    lines: (group) => [`iommu_group_release_dma_owner ${group.number}`],
  }),
  ...(['device', 'group'] as const).flatMap((type) => [
    onObject(type, {
      id: `${type}.why`,
      label: type === 'device' ? says.whyThisGroup : says.whyTogether,
      group: 'open',
      words: says.acsIsolationAliasMultifunctionFinds,
      fits: (object) => object.type === 'group' || isPci(object),
      show: (object, { actions }) => {
        actions.select(object.id);
        actions.showPanel('why');
      },
    }),
    onObject(type, {
      id: `${type}.what-if`,
      label: says.whatIf,
      group: 'open',
      words: says.slotAcsOverrideCmdlineSrIovFinds,
      fits: (object) => object.type === 'group' || isPci(object),
      show: (object, { actions }) => {
        actions.select(object.id);
        actions.showPanel('what-if');
      },
    }),
  ]),
  onObject('device', {
    id: 'device.passthrough',
    label: says.canIPassItThrough,
    group: 'open',
    words: says.vmVerdictFinds,
    fits: (device) => isPci(device) && !device.isBridge,
    show: (device, { actions }) => {
      actions.select(device.id);
      actions.showPanel('passthrough');
    },
  }),
  panelOf('caches', 'caches', says.iotlbContextStale),
  panelOf('registers', 'registers', 'GCMD CAP'),
  panelOf('queues', 'queues', says.invalidationCommandFault),
  onObject('iommu', {
    id: 'iommu.read-register',
    menu: 'never',
    label: says.readARegister,
    verb: 'read_register',
    group: 'edit',
    fits: (iommu) => iommu.vendor !== 'generic',
    draft: (iommu) => `read_register ${unitName(iommu.id)} 0x0`,
  }),
  onObject('iommu', {
    id: 'iommu.write-register',
    menu: 'never',
    label: says.writeARegister,
    verb: 'write_register',
    group: 'edit',
    help: says.behindItsDriversBack,
    fits: (iommu) => iommu.vendor !== 'generic',
    draft: (iommu) => `write_register ${unitName(iommu.id)} 0x0 0x0`,
  }),
  onObject('task', {
    id: 'task.step',
    label: says.step,
    verb: 'step',
    group: 'time',
    words: says.lockEventFinds,
    fits: (task) => task.stepped,
    against: (task) => (task.state === 'finished' ? says.itIsOverFinish : null),
    lines: (task) => [`step ${task.name ?? task.id}`],
  }),
  onObject('task', {
    id: 'task.step-until',
    label: says.stepUntilItHasALock,
    verb: 'step until=',
    group: 'time',
    fits: (task) => task.stepped,
    against: (task) => (task.state === 'finished' ? says.itIsOverFinish : null),
    draft: (task) => `step ${task.name ?? task.id} until=igroup->lock`,
  }),
  onObject('task', {
    id: 'task.timeout',
    menu: 'ready',
    label: says.letItsWaitTimeOut,
    verb: 'step timeout',
    group: 'time',
    // A line that runs straight through waits, too.
    fits: (task) => task.stepped || task.waitsFor?.kind === 'event',
    against: (task) =>
      task.waitsFor?.kind === 'event' && task.waitsFor.limit !== null ? null : says.itWaitsForNothing,
    lines: (task) => [`step ${task.name ?? task.id} timeout`],
  }),
  onObject('task', {
    id: 'task.finish',
    label: says.finish,
    verb: 'finish',
    group: 'time',
    words: says.runToItsEndFinds,
    fits: (task) => task.stepped,
    lines: (task) => [`finish ${task.name ?? task.id}`],
  }),
  onObject('task', {
    id: 'task.locks',
    label: says.allTasksAndLocks,
    group: 'open',
    show: (_task, { actions }) => actions.showPanel('locks'),
  }),
];

const unitName = (id: string): string => id.replace(/^iommu:/, '');

/** Whether a kernel runs: it is there as soon as there are groups. */
export const hasBooted = ({ objects }: AppState): boolean => all(objects, 'group').length > 0;
