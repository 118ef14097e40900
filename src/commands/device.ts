import type { DeviceObject, GroupObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { all, find } from '../store/object-words';
import { driverLine, isVfio, nativeDriver, scriptName, shortBdf, vfioDriver } from '../store/script';
import type { AppState } from '../store/types';
import { onObject, say, type Choice, type Command } from './command';
import { bindLines } from './lines';
import { choiceOf, idevOf, isPci, makesDma } from './objects';
import * as says from '../words/commands/device';

/** A device's way from its own driver to a program. Attaching and DMA have files of their own. */

const hasVfio = (device: DeviceObject): boolean => device.driver !== null && isVfio(device.driver.name);

const driverNow = (device: DeviceObject): string =>
  device.driver === null ? says.itHasNoDriver : says.drivesIt(device.driver.name);

const groupOf = (device: DeviceObject, { objects }: AppState): GroupObject | null =>
  find(objects, device.groupId, 'group');

const notBound = (device: DeviceObject): string | null => (device.idevId === null ? says.itIsNotBound : null);

export const DEVICE_COMMANDS: readonly Command[] = [
  onObject('device', {
    id: 'device.open',
    menu: 'ready',
    label: says.openIommufdBind,
    verb: 'BIND',
    group: 'attach',
    words: says.vfioPassthroughTakeOverNewContextFinds,
    help: says.aVfioDriver,
    // With a context open the choice of contexts has this in it.
    fits: (device, { objects }) => makesDma(device) && all(objects, 'context').length === 0,
    against: (device) => (device.idevId === null ? null : says.itIsBoundToAContextAlready),
    lines: (device, { script }) => bindLines(script, device, null),
  }),
  onObject('device', {
    id: 'device.give',
    menu: 'ready',
    label: says.giveToIommufd,
    verb: 'BIND',
    group: 'attach',
    words: says.vfioOpenBindPassthroughTakeOverFinds,
    help: says.aVfioDriverAContext,
    fits: (device, { objects }) => makesDma(device) && all(objects, 'context').length > 0,
    against: (device) => (device.idevId === null ? null : says.itIsBoundToAContextAlready),
    choices: (device, app) => [
      ...all(app.objects, 'context').map((context) =>
        choiceOf(context, () => say(app, bindLines(app.script, device, context))),
      ),
      {
        key: 'new',
        label: says.aNewContext,
        detail: 'open /dev/iommu',
        type: 'context',
        run: () => say(app, bindLines(app.script, device, null)),
      },
    ],
  }),
  onObject('device', {
    id: 'device.bind',
    menu: 'never',
    label: says.bindToAContext,
    verb: 'BIND',
    group: 'attach',
    words: says.vfioDeviceBindIommufdIommufdFinds,
    fits: makesDma,
    against: (device, { objects }) => {
      if (device.idevId !== null) return says.itIsBoundToAContextAlready;
      if (!hasVfio(device)) return says.bindNeedsAVfioDriver(driverNow(device));
      return all(objects, 'context').length === 0 ? says.noContextIsOpenOpenDev : null;
    },
    choices: (device, app) =>
      all(app.objects, 'context').map((context) =>
        choiceOf(context, () => say(app, bindLines(app.script, device, context))),
      ),
  }),
  onObject('device', {
    id: 'device.unbind',
    menu: 'ready',
    label: says.unbindFromItsContext,
    verb: 'UNBIND',
    group: 'attach',
    help: says.closesTheVfioDevice,
    fits: makesDma,
    against: notBound,
    lines: (device, app) => [`UNBIND ${nameOfIdev(device, app)}`],
  }),
  onObject('device', {
    id: 'device.vfio',
    menu: 'ready',
    label: says.bindAVfioDriver,
    verb: 'driver',
    group: 'attach',
    words: says.vfioPciVfioPlatformFinds,
    fits: makesDma,
    against: (device) =>
      hasVfio(device) ? says.itHasAlready(device.driver?.name ?? says.aVfioDriverNoun) : null,
    lines: (device) => [driverLine(device, vfioDriver(device))],
  }),
  onObject('device', {
    id: 'device.driver',
    label: says.driver,
    verb: 'driver',
    group: 'attach',
    words: says.bindUnbindNativeVfioPciPciFinds,
    fits: makesDma,
    choices: driverChoices,
  }),
  onObject('device', {
    id: 'device.info',
    menu: 'never',
    label: says.askWhatItsIommuCanDo,
    verb: 'GET_HW_INFO',
    group: 'open',
    fits: makesDma,
    against: notBound,
    lines: (device, app) => [`GET_HW_INFO ${nameOfIdev(device, app)}`],
  }),
  onObject('device', {
    id: 'device.sva',
    menu: 'ready',
    label: says.shareAProcesssAddresses,
    verb: 'iommu_sva_bind_device',
    group: 'attach',
    words: says.svaPasidBondFinds,
    fits: makesDma,
    against: (device, { objects }) => {
      if (!device.services.includes('PASID')) return says.itsPASIDsAreOffSvaNeedsOne;
      return all(objects, 'process').length === 0 ? says.noProcessHasMemoryMmapSomeFirst : null;
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
    label: says.beginAReset,
    verb: 'pci_dev_reset_iommu_prepare',
    group: 'edit',
    words: 'FLR',
    fits: (device, app) => isPci(device) && makesDma(device) && groupOf(device, app)?.resetting !== true,
    lines: (device) => [`pci_dev_reset_iommu_prepare ${shortBdf(device.bdf)}`],
  }),
  onObject('device', {
    id: 'device.reset-end',
    menu: 'ready',
    label: says.endTheReset,
    verb: 'pci_dev_reset_iommu_done',
    group: 'edit',
    words: 'FLR',
    fits: (device, app) => isPci(device) && makesDma(device) && groupOf(device, app)?.resetting === true,
    lines: (device) => [`pci_dev_reset_iommu_done ${shortBdf(device.bdf)}`],
  }),
  onObject('device', {
    id: 'device.deaf',
    menu: 'ready',
    label: says.ignoreInvalidations,
    verb: 'ignore-invalidations',
    group: 'edit',
    words: says.atsDeviceTlbTimeOutFinds,
    fits: (device) => makesDma(device) && isPci(device),
    against: (device) => (device.services.includes('ATS') ? null : says.itsAtsIsOffNobodyAsks),
    choices: (device, app) =>
      (['on', 'off'] as const).map((state) => ({
        key: state,
        label: state === 'on' ? says.fromNowOn : says.notAnyMore,
        run: () => say(app, [`ignore-invalidations ${shortBdf(device.bdf)} ${state}`]),
      })),
  }),
  onObject('device', {
    id: 'device.remove',
    label: says.removeFromTheMachine,
    verb: 'remove',
    group: 'edit',
    words: says.unplugHotRemoveFinds,
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
    [vfio]: says.forAVirtualMachineOrAnotherProgram,
    'pci-stub': says.holdsTheDeviceAndDoesNothing,
    none: says.unbindOnly,
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
    detail: said[name] ?? says.itsOwnDriverWithTheKernelsDma,
    current: name === now,
    run: () => say(app, [driverLine(device, name)]),
  }));
}
