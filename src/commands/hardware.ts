import type { GroupObject } from '../engine/sim/world';
import { all, find } from '../store/object-words';
import { driverLine, isVfio, nativeDriver, vfioDriver } from '../store/script';
import type { AppState, PanelId } from '../store/types';
import { onObject, say, type Command } from './command';
import { isPci, makesDma } from './objects';

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
  { type: 'DMA', detail: 'translated, unmapped at once' },
  { type: 'DMA-FQ', detail: 'translated, unmapped from the IOTLB later' },
  { type: 'identity', detail: 'addresses as they are' },
  { type: 'auto', detail: 'what the kernel would choose' },
] as const;

const panelOf = (panel: PanelId, label: string, words: string): Command =>
  onObject('iommu', {
    id: `iommu.${panel}`,
    label: `Show its ${label}`,
    group: 'open',
    words,
    against: (iommu) => (iommu.vendor === 'generic' ? 'It is of no vendor: it has none.' : null),
    show: (iommu, { actions }) => {
      actions.select(iommu.id);
      actions.showPanel(panel);
    },
  });

export const HARDWARE_COMMANDS: readonly Command[] = [
  onObject('group', {
    id: 'group.vfio',
    menu: 'ready',
    label: 'Bind all of it to vfio',
    verb: 'driver',
    group: 'attach',
    words: 'vfio-pci passthrough viable',
    fits: (group, app) => membersOf(group, app).length > 0,
    against: (group, app) =>
      withoutVfio(group, app).length === 0 ? 'Every device of it has a vfio driver.' : null,
    lines: (group, app) => withoutVfio(group, app).map((device) => driverLine(device, vfioDriver(device))),
  }),
  onObject('group', {
    id: 'group.native',
    menu: 'ready',
    label: 'Give all of it back to the kernel',
    verb: 'driver',
    group: 'attach',
    words: 'native',
    fits: (group, app) => membersOf(group, app).length > 0,
    against: (group, app) =>
      givenAway(group, app).length === 0 ? 'No device of it is known to have had another driver.' : null,
    lines: (group, app) => givenAway(group, app).map(({ device, own }) => driverLine(device, own)),
  }),
  onObject('group', {
    id: 'group.type',
    label: 'Default domain',
    verb: 'echo',
    group: 'edit',
    words: 'sysfs type identity DMA DMA-FQ passthrough strict',
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
    label: 'Open its VFIO file',
    verb: 'open',
    group: 'attach',
    words: '/dev/vfio container legacy',
    draft: (group) => `group = open /dev/vfio/${group.number}`,
  }),
  onObject('group', {
    id: 'group.claim',
    menu: 'never',
    label: 'Claim its DMA',
    verb: 'iommu_group_claim_dma_owner',
    group: 'edit',
    words: 'owner',
    draft: (group) => `iommu_group_claim_dma_owner ${group.number} me`,
  }),
  onObject('group', {
    id: 'group.release',
    menu: 'ready',
    label: 'Release its DMA',
    verb: 'iommu_group_release_dma_owner',
    group: 'edit',
    words: 'owner',
    against: (group) =>
      group.ownerId?.startsWith('owner:') === true ? null : 'Nobody has claimed it by hand.',
    lines: (group) => [`iommu_group_release_dma_owner ${group.number}`],
  }),
  ...(['device', 'group'] as const).flatMap((type) => [
    onObject(type, {
      id: `${type}.why`,
      label: type === 'device' ? 'Why this group?' : 'Why together?',
      group: 'open',
      words: 'ACS isolation alias multifunction',
      fits: (object) => object.type === 'group' || isPci(object),
      show: (object, { actions }) => {
        actions.select(object.id);
        actions.showPanel('why');
      },
    }),
    onObject(type, {
      id: `${type}.what-if`,
      label: 'What if…',
      group: 'open',
      words: 'slot ACS override cmdline SR-IOV',
      fits: (object) => object.type === 'group' || isPci(object),
      show: (object, { actions }) => {
        actions.select(object.id);
        actions.showPanel('what-if');
      },
    }),
  ]),
  onObject('device', {
    id: 'device.passthrough',
    label: 'Can I pass it through?',
    group: 'open',
    words: 'VM verdict',
    fits: (device) => isPci(device) && !device.isBridge,
    show: (device, { actions }) => {
      actions.select(device.id);
      actions.showPanel('passthrough');
    },
  }),
  panelOf('caches', 'caches', 'IOTLB context stale'),
  panelOf('registers', 'registers', 'GCMD CAP'),
  panelOf('queues', 'queues', 'invalidation command fault'),
  onObject('iommu', {
    id: 'iommu.read-register',
    menu: 'never',
    label: 'Read a register',
    verb: 'read_register',
    group: 'edit',
    fits: (iommu) => iommu.vendor !== 'generic',
    draft: (iommu) => `read_register ${unitName(iommu.id)} 0x0`,
  }),
  onObject('iommu', {
    id: 'iommu.write-register',
    menu: 'never',
    label: 'Write a register',
    verb: 'write_register',
    group: 'edit',
    help: 'Behind its driver’s back',
    fits: (iommu) => iommu.vendor !== 'generic',
    draft: (iommu) => `write_register ${unitName(iommu.id)} 0x0 0x0`,
  }),
  onObject('task', {
    id: 'task.step',
    label: 'Step',
    verb: 'step',
    group: 'time',
    words: 'lock event',
    fits: (task) => task.stepped,
    against: (task) => (task.state === 'finished' ? 'It is over: finish it to see how it ended.' : null),
    lines: (task) => [`step ${task.name ?? task.id}`],
  }),
  onObject('task', {
    id: 'task.step-until',
    label: 'Step until it has a lock',
    verb: 'step until=',
    group: 'time',
    fits: (task) => task.stepped,
    against: (task) => (task.state === 'finished' ? 'It is over: finish it to see how it ended.' : null),
    draft: (task) => `step ${task.name ?? task.id} until=igroup->lock`,
  }),
  onObject('task', {
    id: 'task.timeout',
    menu: 'ready',
    label: 'Let its wait time out',
    verb: 'step timeout',
    group: 'time',
    // A line that runs straight through waits, too.
    fits: (task) => task.stepped || task.waitsFor?.kind === 'event',
    against: (task) =>
      task.waitsFor?.kind === 'event' && task.waitsFor.limit !== null
        ? null
        : 'It waits for nothing that has a limit.',
    lines: (task) => [`step ${task.name ?? task.id} timeout`],
  }),
  onObject('task', {
    id: 'task.finish',
    label: 'Finish',
    verb: 'finish',
    group: 'time',
    words: 'run to its end',
    fits: (task) => task.stepped,
    lines: (task) => [`finish ${task.name ?? task.id}`],
  }),
  onObject('task', {
    id: 'task.locks',
    label: 'All tasks and locks',
    group: 'open',
    show: (_task, { actions }) => actions.showPanel('locks'),
  }),
];

const unitName = (id: string): string => id.replace(/^iommu:/, '');

/** Whether a kernel runs: it is there as soon as there are groups. */
export const hasBooted = ({ objects }: AppState): boolean => all(objects, 'group').length > 0;
