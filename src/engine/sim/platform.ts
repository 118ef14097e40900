import { decideByStreams, decideSingle } from '../iommu/platform-group';
import type { Device } from '../iommu/device';
import type { GroupDecision } from '../iommu/group';
import { unbindDriver } from '../iommu/drivers';
import { releaseDevice } from '../iommu/probe';
import { ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { Machine } from './machine';
import type { Unit } from './unit';
import { VENDOR_NAMES } from './vendor';

/**
 * A device on no PCI bus, as device tree or ACPI describe it: there is nothing that could be enumerated, so firmware says
 * which numbers its DMA carries and what it can do.
 *
 * Linux: struct platform_device; of_iommu_configure(), iort_iommu_configure_id()
 */
export interface PlatformSpec {
  /** As in /sys/bus/platform/devices: `fe500000.dma-controller`, `ARMH0061:00`. */
  readonly name: string;
  readonly label: string | null;
  /** Name of its unit, `none`, or null: the machine's main one. */
  readonly iommu: string | null;
  /** StreamIDs, source ids, device ids: what its unit knows it by. Device tree: `iommus` */
  readonly streams: readonly number[];
  readonly driver: string | null;
  /** A power of two. Device tree, ACPI: `pasid-num-bits` */
  readonly pasids: number;
  /** Its faults may wait for an answer. Device tree, ACPI: `dma-can-stall` */
  readonly stall: boolean;
  /** Its interrupts are messages, which the interrupt controller takes from each device apart. Device tree: `msi-parent` */
  readonly msi: boolean;
  /** VFIO knows how to reset it. ACPI: `_RST`; a module of drivers/vfio/platform/reset */
  readonly reset: boolean;
}

/** Which unit its requests come to, or why none. */
export function placePlatform(machine: Machine, { name, iommu }: PlatformSpec): void {
  const { mainUnit, scope, outOfScope, options, declared } = machine;
  const isMain = iommu === null || isMainUnit(machine, iommu);
  const unit = isMain ? options.iommu : (declared.get(iommu) ?? null);
  const off = unit && machine.leftAlone(unit);
  if (iommu === 'none') outOfScope.set(name, `firmware puts ${name} behind no IOMMU`);
  else if (off !== null) outOfScope.set(name, `the kernel leaves its IOMMU alone: ${off}`);
  else if (!isMain) scope.set(name, `iommu:${iommu}`);
  else if (mainUnit === null) outOfScope.set(name, 'this machine has no IOMMU');
  else scope.set(name, mainUnit);
}

/** Whether a script's name of a unit is that of the machine's main one. */
export const isMainUnit = ({ options }: Machine, name: string): boolean =>
  options.iommu !== null && VENDOR_NAMES[options.iommu.vendor] === name;

/** As the IOMMU core sees it. */
export function addPlatform({ core }: Machine, spec: PlatformSpec): Device {
  const [rid = 0] = spec.streams;
  const client = { name: spec.name, rid, aliasRids: spec.streams };
  return core.addDevice(client, {
    platform: true,
    maxPasids: spec.pasids,
    wiredInterrupts: !spec.msi,
    vfioReset: spec.reset,
  });
}

/**
 * What an IOMMU's driver does with devices on no PCI bus: one group each, unless it knows better.
 *
 * Linux: generic_device_group(); arm-smmu.c arm_smmu_device_group(), amd/iommu.c acpihid_device_group()
 */
export function decidePlatformGroup(machine: Machine, device: Device, unit: Unit | null): GroupDecision {
  const others = servedBy(machine, unit).filter((each) => each !== device);
  const policy = unit?.generic?.unit.options.groups;
  if (policy === 'single') return decideSingle(device, others) ?? NEW;
  if (policy === 'stream') return decideByStreams(device, others, 'arm_smmu_device_group') ?? NEW;
  if (unit?.vendor !== 'amd') return NEW;
  const hids = others.filter(({ traits }) => traits.platform === true);
  return decideByStreams(device, hids, 'acpihid_device_group') ?? NEW;
}

/** Where a PCI function shares with what is on no PCI bus; null: its own rules say. */
export function decideBesidePlatform(
  machine: Machine,
  device: Device,
  unit: Unit | null,
): GroupDecision | null {
  const policy = unit?.generic?.unit.options.groups;
  if (policy !== 'single' && policy !== 'stream') return null;
  const others = servedBy(machine, unit).filter((each) => each !== device);
  if (policy === 'stream') return decideByStreams(device, others, 'arm_smmu_device_group');
  const [first] = others;
  return first?.traits.platform === true ? decideSingle(device, others) : null;
}

const NEW: GroupDecision = { kind: 'new' };

/** Devices with a group that the same unit serves, in the order of their adding. */
const servedBy = ({ core, scope }: Machine, unit: Unit | null): readonly Device[] =>
  [...core.devices.values()].filter(({ name, group }) => group !== null && scope.get(name) === unit?.id);

/** Its driver is unbound, and the kernel forgets it. Linux: platform_device_del() */
export function* removePlatform(machine: Machine, name: string): Task<Result<undefined>> {
  const device = machine.core.devices.get(name);
  if (device) {
    const unbound = yield* unbindDriver(machine.core, device);
    if (!unbound.ok) return unbound;
    yield* releaseDevice(machine.core, device);
  }
  machine.scope.delete(name);
  machine.outOfScope.delete(name);
  machine.platform.delete(name);
  return ok(undefined);
}
