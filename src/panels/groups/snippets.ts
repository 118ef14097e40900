import type { DeviceObject, GroupObject, IommuObject, WorldId } from '../../engine/sim/world';
import { nativeDriver } from '../../store/script';
import { plainHex } from '../../ui/numbers';
import { find, type Objects } from '../shared/words';
import { SNIPPETS } from '../../words/panels/groups/passthrough';

/** What a person types on a real machine to give a device to a VM. */
export interface Snippet {
  /** Where it goes. */
  readonly title: string;
  readonly text: string;
  /** What to know before using it. */
  readonly note: string;
}

/** One function that goes to the VM, or stays idle because of it. */
export interface BoundFunction {
  readonly bdf: string;
  /** `10de:1b80` */
  readonly id: string;
  /** Its own driver; null: the script does not know one. */
  readonly driver: string | null;
}

/** Every function of the device's group that vfio-pci has to hold: bridges are left with the host. */
export function companionsOf(objects: Objects, device: DeviceObject): readonly DeviceObject[] {
  const group = find(objects, device.groupId, 'group');
  if (group === null) return device.isBridge ? [] : [device];
  const members = group.deviceIds.flatMap((id) => find(objects, id, 'device') ?? []);
  return members.filter(({ isBridge, id }) => !isBridge && !isMock(id));
}

/** A device of the kernel's self-tests is on no bus. */
const isMock = (id: WorldId): boolean => !/[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(id);

export const boundFunction = (device: DeviceObject, script: string): BoundFunction => ({
  bdf: device.bdf,
  id: `${plainHex(device.vendorId, 4)}:${plainHex(device.deviceId, 4)}`,
  driver: nativeDriver(script, device.bdf),
});

/** Devices outside the group with one of these ids: what is bound by id takes them along. */
export function twinsOf(
  objects: Objects,
  group: GroupObject | null,
  functions: readonly BoundFunction[],
): readonly DeviceObject[] {
  const ids = new Set(functions.map(({ id }) => id).filter(isKnown));
  return Object.values(objects).filter(
    (object): object is DeviceObject =>
      object.type === 'device' &&
      object.groupId !== (group?.id ?? '') &&
      !functions.some(({ bdf }) => bdf === object.bdf) &&
      ids.has(`${plainHex(object.vendorId, 4)}:${plainHex(object.deviceId, 4)}`),
  );
}

/** No vendor and no device has this number: the text that the machine came from gave a name only. */
const isKnown = (id: string): boolean => !id.split(':').includes('ffff');

/** Whether all of them can be named by id; a part of a group is of no use. */
export const hasIds = (functions: readonly BoundFunction[]): boolean =>
  functions.every(({ id }) => isKnown(id));

export function snippetsOf(
  functions: readonly BoundFunction[],
  vendor: IommuObject['vendor'] | null,
): readonly Snippet[] {
  if (functions.length === 0) return [];
  const byAddress = [driverctl(functions), sysfs(functions)];
  if (!hasIds(functions)) return byAddress;
  const ids = [...new Set(functions.map(({ id }) => id))].join(',');
  return [kernelLine(ids, vendor), modprobe(ids, functions), ...byAddress];
}

interface IommuWords {
  readonly text: string;
  readonly note: string;
}

const OTHERS: IommuWords = {
  text: 'iommu.passthrough=1',
  note: SNIPPETS.others,
};

/** What the kernel wants to hear before it translates; on others than Intel's it does by itself. */
const IOMMU_WORDS: Readonly<Partial<Record<IommuObject['vendor'], IommuWords>>> = {
  vtd: {
    text: 'intel_iommu=on iommu=pt',
    note: SNIPPETS.vtd,
  },
  amd: { text: 'iommu=pt', note: SNIPPETS.amd },
};

/** `vendor` null: no IOMMU has the device in its scope, and no word would change that. */
function kernelLine(ids: string, vendor: IommuObject['vendor'] | null): Snippet {
  const words = vendor === null ? null : (IOMMU_WORDS[vendor] ?? OTHERS);
  return {
    title: SNIPPETS.cmdline,
    text: [...(words === null ? [] : [words.text]), `vfio-pci.ids=${ids}`].join(' '),
    note: [...(words === null ? [] : [words.note]), SNIPPETS.builtIn].join(' '),
  };
}

/** Modules whose name is not their driver's. */
const MODULES: Readonly<Record<string, string>> = {
  xhci_hcd: 'xhci_pci',
  ehci_hcd: 'ehci_pci',
  'ehci-pci': 'ehci_pci',
  i801_smbus: 'i2c_i801',
  piix4_smbus: 'i2c_piix4',
};

function modprobe(ids: string, functions: readonly BoundFunction[]): Snippet {
  const drivers = functions.flatMap(({ driver }) => (driver === null ? [] : [MODULES[driver] ?? driver]));
  const softdeps = [...new Set(drivers)].map((driver) => `softdep ${driver} pre: vfio-pci`);
  return {
    title: '/etc/modprobe.d/vfio.conf',
    text: [`options vfio-pci ids=${ids}`, ...softdeps].join('\n'),
    note: SNIPPETS.softdep,
  };
}

const driverctl = (functions: readonly BoundFunction[]): Snippet => ({
  title: 'driverctl',
  text: functions.map(({ bdf }) => `driverctl set-override ${bdf} vfio-pci`).join('\n'),
  note: SNIPPETS.driverctl,
});

const sysfs = (functions: readonly BoundFunction[]): Snippet => ({
  title: SNIPPETS.now,
  text: [
    'modprobe vfio-pci',
    ...functions.flatMap(({ bdf, driver }) => {
      const dir = `/sys/bus/pci/devices/${bdf}`;
      const unbind = driver === null ? [] : [`echo ${bdf} > ${dir}/driver/unbind`];
      return [
        `echo vfio-pci > ${dir}/driver_override`,
        ...unbind,
        `echo ${bdf} > /sys/bus/pci/drivers_probe`,
      ];
    }),
  ].join('\n'),
  note: SNIPPETS.asRoot,
});
