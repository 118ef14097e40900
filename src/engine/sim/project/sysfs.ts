import { sysfsTree, type SysfsDir, type SysfsEntry, type SysfsFile } from '../../iommu/sysfs';
import type { PciFunction } from '../../pci/function';
import type { Machine } from '../machine';
import type { Unit } from '../unit';

/**
 * The whole /sys of a machine: what the IOMMU core shows, with what PCI and the IOMMU's driver add to its directories.
 *
 * Linux: drivers/pci/pci-sysfs.c pci_dev_attrs[], drivers/iommu/intel/iommu.c intel_iommu_attrs[]
 */
export function projectSysfs(machine: Machine): SysfsDir {
  const devices = [...machine.topology.functions].sort((a, b) => (a.name < b.name ? -1 : 1));
  const pci = dir({
    devices: dir(Object.fromEntries(devices.map((fn) => [fn.name, deviceDir(machine, fn)]))),
    drivers: driverDirs(machine, PCI, devices),
    rescan: writable(''),
  });
  const others = [...machine.platform.values()];
  const bus = dir({ pci, ...(others.length > 0 ? { platform: platformDir(machine, others) } : {}) });
  return merged(
    dir({ sys: dir({ bus, class: dir({ iommu: unitDirs(machine) }) }) }),
    sysfsTree(machine.core),
  );
}

const dir = (entries: Readonly<Record<string, SysfsEntry>>): SysfsDir => ({ kind: 'dir', entries });
const file = (line: string): SysfsFile => ({ kind: 'file', mode: 0o444, text: `${line}\n` });
/** Who may write is root alone; `line`: what it says when it is read, empty where it cannot be. */
const writable = (line: string): SysfsFile => ({
  kind: 'file',
  mode: line === '' ? 0o200 : 0o644,
  text: line === '' ? '' : `${line}\n`,
});
const link = (target: string): SysfsEntry => ({ kind: 'link', target });

/** Both, name by name and sorted as `ls` does; where only one can be, the second one. */
function merged(a: SysfsDir, b: SysfsDir): SysfsDir {
  const entries: Record<string, SysfsEntry> = { ...a.entries };
  for (const [name, entry] of Object.entries(b.entries)) {
    const other = entries[name];
    entries[name] = other?.kind === 'dir' && entry.kind === 'dir' ? merged(other, entry) : entry;
  }
  return dir(Object.fromEntries(Object.entries(entries).sort(([x], [y]) => (x < y ? -1 : 1))));
}

const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
const PCI = '/sys/bus/pci';
const PLATFORM = '/sys/bus/platform';

function platformDir(machine: Machine, devices: readonly { readonly name: string }[]): SysfsDir {
  const entries = devices.map(({ name }): [string, SysfsEntry] => {
    const driver = machine.core.devices.get(name)?.driver;
    return [name, dir(driver ? { driver: link(`${PLATFORM}/drivers/${driver.name}`) } : {})];
  });
  return dir({
    devices: dir(Object.fromEntries(entries)),
    drivers: driverDirs(machine, PLATFORM, devices),
  });
}

function deviceDir(machine: Machine, fn: PciFunction): SysfsDir {
  const driver = machine.core.devices.get(fn.name)?.driver;
  return dir({
    class: file(hex(fn.classCode, 6)),
    device: file(hex(fn.deviceId, 4)),
    ...(driver ? { driver: link(`${PCI}/drivers/${driver.name}`) } : {}),
    // Linux: pci_dev_hp_attrs_are_visible()
    ...(fn.isVirtual ? {} : { remove: writable('') }),
    ...sriovFiles(machine, fn),
    vendor: file(hex(fn.vendorId, 4)),
  });
}

/** Linux: drivers/pci/iov.c sriov_pf_dev_attrs[] */
function sriovFiles(machine: Machine, fn: PciFunction): Readonly<Record<string, SysfsEntry>> {
  const { sriov } = fn.spec;
  if (sriov === null) return {};
  return {
    sriov_drivers_autoprobe: writable(machine.withoutVfDrivers.has(fn.name) ? '0' : '1'),
    sriov_numvfs: writable(String(machine.topology.virtualFunctionsOf(fn).length)),
    sriov_offset: file(String(sriov.offset)),
    sriov_stride: file(String(sriov.stride)),
    sriov_totalvfs: file(String(sriov.total)),
    ...(sriov.vfDevice === null ? {} : { sriov_vf_device: file(sriov.vfDevice.toString(16)) }),
  };
}

function driverDirs(machine: Machine, bus: string, devices: readonly { readonly name: string }[]): SysfsDir {
  const bound: Record<string, Record<string, SysfsEntry>> = {};
  for (const { name } of devices) {
    const driver = machine.core.devices.get(name)?.driver?.name;
    if (driver !== undefined) (bound[driver] ??= {})[name] = link(`${bus}/devices/${name}`);
  }
  return dir(Object.fromEntries(Object.entries(bound).map(([name, links]) => [name, dir(links)])));
}

const unitDirs = (machine: Machine): SysfsDir =>
  dir(Object.fromEntries(machine.units.map((unit) => [unit.id.replace(/^iommu:/, ''), unitDir(unit)])));

/** Only Intel's driver has attributes of its own here. */
function unitDir(unit: Unit): SysfsDir {
  if (unit.vendor !== 'vtd') return dir({});
  const { registers } = unit.hw.view();
  const register = (name: string): bigint => registers.find((each) => each.name === name)?.value ?? 0n;
  const [version, capabilities] = [register('VER'), register('CAP')];
  const attributes = dir({
    cap: file(capabilities.toString(16)),
    // CAP.ND: 2^(4 + 2 × ND) domain ids.
    domains_supported: file(String(2n ** (4n + 2n * (capabilities & 7n)))),
    ecap: file(register('ECAP').toString(16)),
    version: file(`${version >> 4n}:${version & 15n}`),
  });
  return dir({ 'intel-iommu': attributes });
}
