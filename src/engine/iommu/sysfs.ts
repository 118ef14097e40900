import type { Capability } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { IommuCore } from './core';
import type { Device } from './device';
import { showGroupType, storeGroupType } from './group-type';
import type { IommuGroup } from './group';
import type { ResvKind } from './ops';
import { groupReserved } from './reserved';

/**
 * What the IOMMU core shows in sysfs, as data.
 *
 * Linux: drivers/iommu/iommu.c iommu_group_alloc(), iommu_group_alloc_device(); drivers/iommu/iommu-sysfs.c
 *
 * Links give the place that they lead to, from the root on: the directories of devices are left out, which the kernel's
 * relative links go through.
 */
export type SysfsEntry = SysfsDir | SysfsFile | SysfsLink;

export interface SysfsDir {
  readonly kind: 'dir';
  /** In the order of `ls`. */
  readonly entries: Readonly<Record<string, SysfsEntry>>;
}

export interface SysfsFile {
  readonly kind: 'file';
  /** Permission bits. */
  readonly mode: number;
  readonly text: string;
}

export interface SysfsLink {
  readonly kind: 'link';
  readonly target: string;
}

const GROUPS = '/sys/kernel/iommu_groups';
const CLASS = '/sys/class/iommu';
const PCI = '/sys/bus/pci/devices';

const isPci = ({ traits }: Device): boolean => traits.platform !== true;
/** On its bus. */
const nameIn = (device: Device): string =>
  isPci(device) ? device.name : (device.traits.kobjectName ?? device.name);
const pathOf = (device: Device): string =>
  `${isPci(device) ? PCI : '/sys/bus/platform/devices'}/${nameIn(device)}`;

/** Everything from the root on. */
export function sysfsTree(core: IommuCore): SysfsDir {
  const devices = [...core.devices.values()];
  const pci = devices.filter(isPci);
  const others = devices.filter((device) => !isPci(device));
  const platform = dir({ devices: dir(named(others, nameIn, deviceDir)) });
  return dir({
    sys: dir({
      kernel: dir({ iommu_groups: dir(named(core.groups.values(), ({ id }) => `${id}`, groupDir)) }),
      class: dir({ iommu: dir(named(core.units, unitName, (ops) => unitDir(ops.unit, devices))) }),
      bus: dir({
        pci: dir({ devices: dir(named(pci, nameIn, deviceDir)) }),
        ...(others.length > 0 ? { platform } : {}),
      }),
    }),
  });
}

/** `cat PATH` */
export function sysfsRead(core: IommuCore, path: string): Result<string> {
  const found = open(core, path);
  return found.ok ? ok(found.value.file.text) : found;
}

/** `echo TEXT > PATH`: how many bytes went in. Linux: iommu_group_attr_store() */
export function* sysfsWrite(
  core: IommuCore,
  path: string,
  text: string,
  capable: (capability: Capability) => boolean = () => true,
): Task<Result<number>> {
  const found = open(core, path);
  if (!found.ok) return found;
  const { file: opened, at } = found.value;
  const [, id] = /^\/sys\/kernel\/iommu_groups\/(\d+)\/type$/.exec(at) ?? [];
  const group = id === undefined ? undefined : core.groups.get(Number(id));
  if (!group || (opened.mode & 0o200) === 0) {
    // Not even root opens them for writing. Linux: fs/kernfs/file.c kernfs_fop_open()
    return err('EACCES', `${path} can only be read`, { rule: 'kernfs_fop_open' });
  }
  const stored = yield* storeGroupType(core, group, text, capable);
  return stored.ok ? ok(text.length) : stored;
}

function groupDir(group: IommuGroup): SysfsDir {
  const links: Record<string, SysfsEntry> = {};
  for (const [device, link] of group.linkNames) links[link] = { kind: 'link', target: pathOf(device) };
  return dir({
    devices: dir(links),
    ...(group.name === null ? {} : { name: file(0o444, `${group.name}\n`) }),
    reserved_regions: file(0o444, showReserved(group)),
    type: file(0o644, `${showGroupType(group)}\n`),
  });
}

/** Linux: iommu_group_resv_type_string */
const RESV_WORDS: Readonly<Record<ResvKind, string>> = {
  direct: 'direct',
  'direct-relaxable': 'direct-relaxable',
  reserved: 'reserved',
  msi: 'msi',
  'sw-msi': 'msi',
};

/** Linux: iommu_group_show_resv_regions() */
export const showReserved = (group: IommuGroup): string =>
  groupReserved(group)
    .map(({ start, last, kind }) => `${hex(start)} ${hex(last)} ${RESV_WORDS[kind]}\n`)
    .join('');

const hex = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;

/** Linux: iommu_device_link(), iommu_device_sysfs_add() */
const unitDir = (unit: string, devices: readonly Device[]): SysfsDir =>
  dir({
    devices: dir(
      named(
        devices.filter(({ ops }) => ops?.unit === unit),
        ({ name }) => name,
        (device) => ({ kind: 'link', target: pathOf(device) }),
      ),
    ),
  });

const deviceDir = ({ group, ops }: Device): SysfsDir =>
  dir({
    ...(ops ? { iommu: { kind: 'link', target: `${CLASS}/${unitName(ops)}` } } : {}),
    ...(group ? { iommu_group: { kind: 'link', target: `${GROUPS}/${group.id}` } } : {}),
  });

/** `iommu:dmar0` → `dmar0` */
const unitName = ({ unit }: { readonly unit: string }): string => unit.replace(/^iommu:/, '');

/** Linux: iommu_group_set_name() */
export function setGroupName(core: IommuCore, group: IommuGroup, name: string | null): Result<undefined> {
  const rule = 'iommu_group_set_name';
  const had = group.name !== null;
  group.name = null;
  if (name === null && had) return ok(undefined);
  // No name in place of none looks like a lack of memory to the kernel.
  if (name === null || core.fail.hit(rule)) return err('ENOMEM', 'no memory for the group’s name', { rule });
  group.name = name;
  return ok(undefined);
}

const dir = (entries: Readonly<Record<string, SysfsEntry>>): SysfsDir => ({ kind: 'dir', entries });
const file = (mode: number, text: string): SysfsFile => ({ kind: 'file', mode, text });

function named<T>(
  items: Iterable<T>,
  nameOf: (item: T) => string,
  entryOf: (item: T) => SysfsEntry,
): Record<string, SysfsEntry> {
  const pairs = Array.from(items, (item) => [nameOf(item), entryOf(item)] as const);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The file at the end of all links, and where it really is. */
function open(core: IommuCore, path: string): Result<{ readonly file: SysfsFile; readonly at: string }> {
  const root = sysfsTree(core);
  let at = '';
  let entry: SysfsEntry = root;
  let parts = path.split('/').filter((part) => part !== '');
  while (parts.length > 0) {
    const [part = '', ...rest]: string[] = parts;
    const next: SysfsEntry | undefined = entry.kind === 'dir' ? entry.entries[part] : undefined;
    if (!next) return err('ENOENT', `there is no ${path}`, { rule: 'vfs' });
    if (next.kind === 'link') {
      parts = [...next.target.split('/').filter((each) => each !== ''), ...rest];
      at = '';
      entry = root;
    } else {
      parts = rest;
      at = `${at}/${part}`;
      entry = next;
    }
  }
  if (entry.kind === 'file') return ok({ file: entry, at });
  return err('EISDIR', `${path} is a directory`, { rule: 'vfs' });
}
