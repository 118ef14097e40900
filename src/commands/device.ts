import type { DeviceObject, GroupObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { all, find } from '../store/object-words';
import { driverLine, isVfio, nativeDriver, scriptName, shortBdf, vfioDriver } from '../store/script';
import type { AppState } from '../store/types';
import { onObject, say, type Choice, type Command } from './command';
import { bindLines } from './lines';
import { choiceOf, idevOf, isPci, makesDma } from './objects';

/** A device's way from its own driver to a program. Attaching and DMA have files of their own. */

const hasVfio = (device: DeviceObject): boolean => device.driver !== null && isVfio(device.driver.name);

const driverNow = (device: DeviceObject): string =>
  device.driver === null ? 'it has no driver' : `${device.driver.name} drives it`;

const groupOf = (device: DeviceObject, { objects }: AppState): GroupObject | null =>
  find(objects, device.groupId, 'group');

const notBound = (device: DeviceObject): string | null =>
  device.idevId === null ? 'It is not bound to an iommufd context.' : null;

export const DEVICE_COMMANDS: readonly Command[] = [
  onObject('device', {
    id: 'device.open',
    menu: 'ready',
    label: 'Open iommufd + bind',
    verb: 'BIND',
    group: 'attach',
    words: 'vfio passthrough take over new context',
    help: 'A vfio driver, if it has none, open /dev/iommu, and BIND',
    // With a context open the choice of contexts has this in it.
    fits: (device, { objects }) => makesDma(device) && all(objects, 'context').length === 0,
    against: (device) => (device.idevId === null ? null : 'It is bound to a context already.'),
    lines: (device, { script }) => bindLines(script, device, null),
  }),
  onObject('device', {
    id: 'device.give',
    menu: 'ready',
    label: 'Give to iommufd',
    verb: 'BIND',
    group: 'attach',
    words: 'vfio open bind passthrough take over',
    help: 'A vfio driver, a context, and BIND, as far as they are missing',
    fits: (device, { objects }) => makesDma(device) && all(objects, 'context').length > 0,
    against: (device) => (device.idevId === null ? null : 'It is bound to a context already.'),
    choices: (device, app) => [
      ...all(app.objects, 'context').map((context) =>
        choiceOf(context, () => say(app, bindLines(app.script, device, context))),
      ),
      {
        key: 'new',
        label: 'a new context',
        detail: 'open /dev/iommu',
        type: 'context',
        run: () => say(app, bindLines(app.script, device, null)),
      },
    ],
  }),
  onObject('device', {
    id: 'device.bind',
    menu: 'never',
    label: 'Bind to a context',
    verb: 'BIND',
    group: 'attach',
    words: 'VFIO_DEVICE_BIND_IOMMUFD iommufd',
    fits: makesDma,
    against: (device, { objects }) => {
      if (device.idevId !== null) return 'It is bound to a context already.';
      if (!hasVfio(device)) return `BIND needs a vfio driver: ${driverNow(device)}.`;
      return all(objects, 'context').length === 0 ? 'No context is open: open /dev/iommu first.' : null;
    },
    choices: (device, app) =>
      all(app.objects, 'context').map((context) =>
        choiceOf(context, () => say(app, bindLines(app.script, device, context))),
      ),
  }),
  onObject('device', {
    id: 'device.unbind',
    menu: 'ready',
    label: 'Unbind from its context',
    verb: 'UNBIND',
    group: 'attach',
    help: 'Closes the vfio device',
    fits: makesDma,
    against: notBound,
    lines: (device, app) => [`UNBIND ${nameOfIdev(device, app)}`],
  }),
  onObject('device', {
    id: 'device.vfio',
    menu: 'ready',
    label: 'Bind a vfio driver',
    verb: 'driver',
    group: 'attach',
    words: 'vfio-pci vfio-platform',
    fits: makesDma,
    against: (device) =>
      hasVfio(device) ? `It has ${device.driver?.name ?? 'a vfio driver'} already.` : null,
    lines: (device) => [driverLine(device, vfioDriver(device))],
  }),
  onObject('device', {
    id: 'device.driver',
    label: 'Driver',
    verb: 'driver',
    group: 'attach',
    words: 'bind unbind native vfio-pci pci-stub none',
    fits: makesDma,
    choices: driverChoices,
  }),
  onObject('device', {
    id: 'device.info',
    menu: 'never',
    label: 'Ask what its IOMMU can do',
    verb: 'GET_HW_INFO',
    group: 'open',
    fits: makesDma,
    against: notBound,
    lines: (device, app) => [`GET_HW_INFO ${nameOfIdev(device, app)}`],
  }),
  onObject('device', {
    id: 'device.sva',
    menu: 'ready',
    label: 'Share a process’s addresses',
    verb: 'iommu_sva_bind_device',
    group: 'attach',
    words: 'SVA PASID bond',
    fits: makesDma,
    against: (device, { objects }) => {
      if (!device.services.includes('PASID')) return 'Its PASIDs are off: SVA needs one.';
      return all(objects, 'process').length === 0 ? 'No process has memory: mmap some first.' : null;
    },
    choices: (device, app) =>
      all(app.objects, 'process').map((process) =>
        choiceOf(process, () =>
          say(app, [
            `${freshName(app.script, 'bond')} = iommu_sva_bind_device ${shortBdf(device.bdf)} ${process.title}`,
          ]),
        ),
      ),
  }),
  onObject('device', {
    id: 'device.reset-begin',
    menu: 'never',
    label: 'Begin a reset',
    verb: 'pci_dev_reset_iommu_prepare',
    group: 'edit',
    words: 'FLR',
    fits: (device, app) => isPci(device) && makesDma(device) && groupOf(device, app)?.resetting !== true,
    lines: (device) => [`pci_dev_reset_iommu_prepare ${shortBdf(device.bdf)}`],
  }),
  onObject('device', {
    id: 'device.reset-end',
    menu: 'ready',
    label: 'End the reset',
    verb: 'pci_dev_reset_iommu_done',
    group: 'edit',
    words: 'FLR',
    fits: (device, app) => isPci(device) && makesDma(device) && groupOf(device, app)?.resetting === true,
    lines: (device) => [`pci_dev_reset_iommu_done ${shortBdf(device.bdf)}`],
  }),
  onObject('device', {
    id: 'device.deaf',
    menu: 'ready',
    label: 'Ignore invalidations',
    verb: 'ignore-invalidations',
    group: 'edit',
    words: 'ATS device TLB time-out',
    fits: (device) => makesDma(device) && isPci(device),
    against: (device) =>
      device.services.includes('ATS') ? null : 'Its ATS is off: nobody asks it to invalidate anything.',
    choices: (device, app) =>
      (['on', 'off'] as const).map((state) => ({
        key: state,
        label: state === 'on' ? 'from now on' : 'not any more',
        run: () => say(app, [`ignore-invalidations ${shortBdf(device.bdf)} ${state}`]),
      })),
  }),
  onObject('device', {
    id: 'device.remove',
    label: 'Remove from the machine',
    verb: 'remove',
    group: 'edit',
    words: 'unplug hot-remove',
    fits: (device) => isPci(device) || device.platform !== undefined,
    lines: (device) => [`remove ${shortBdf(device.bdf)}`],
  }),
];

export const nameOfIdev = (device: DeviceObject, app: AppState): string => {
  const idev = idevOf(app, device);
  return idev === null ? shortBdf(device.bdf) : scriptName(idev);
};

function driverChoices(device: DeviceObject, app: AppState): readonly Choice[] {
  const now = device.driver?.name ?? 'none';
  const own =
    nativeDriver(app.script, device.bdf) ?? (hasVfio(device) ? null : (device.driver?.name ?? null));
  const vfio = vfioDriver(device);
  const said: Readonly<Record<string, string>> = {
    [vfio]: 'for a virtual machine or another program',
    'pci-stub': 'holds the device and does nothing',
    none: 'unbind only',
  };
  const names = [
    vfio,
    ...(own === null ? [] : [own]),
    ...(device.platform === undefined ? ['pci-stub'] : []),
    'none',
  ];
  return names.map((name) => ({
    key: name,
    label: name,
    detail: said[name] ?? 'its own driver, with the kernel’s DMA',
    current: name === now,
    run: () => say(app, [driverLine(device, name)]),
  }));
}
