import { bindDriver } from '../iommu/drivers';
import type { Device } from '../iommu/device';
import type { GroupDecision } from '../iommu/group';
import { decideByPolicy } from '../iommu/group-policy';
import { whyUngrouped } from '../iommu/pci-device-group';
import { probeBus, probeDevice } from '../iommu/probe';
import { err, ERRNO, ok, type Errno, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { enableAcs } from '../pci/acs-enable';
import { bridgeAliases, dmaAliases } from '../pci/alias';
import type { PciFunction } from '../pci/function';
import { isBridgeKind, type PciFunctionSpec, type PciKind } from '../pci/function-spec';
import { servicesOf } from '../pci/services';
import type { Machine } from './machine';
import { addPlatform, decideBesidePlatform, decidePlatformGroup, placePlatform } from './platform';
import { createGenericUnit } from './generic-unit';
import { createVendorUnit } from './vendor-unit';
import { VENDOR_NAMES } from './vendor';

/**
 * What the kernel does when it starts: every function of every bus is known before the first group is made, then the
 * IOMMUs are on, then drivers bind.
 *
 * Linux: pci_subsys_init(), intel_iommu_init(), bus_iommu_probe(), driver_attach()
 */
export function* bootTask(machine: Machine): Task<Result<undefined>> {
  machine.booted = true;
  const order = machine.topology.scanOrder();
  for (const fn of order) machine.topology.finishSlotScan(fn);
  for (const fn of order) placeInScope(machine, fn);
  const listed = [...machine.platform.values()];
  for (const spec of listed) placePlatform(machine, spec);
  const powered = powerOn(machine);
  if (!powered.ok) return powered;
  // The buses are probed in this order. Linux: iommu_buses[]
  for (const devices of [
    listed.map((spec) => addPlatform(machine, spec)),
    order.map((fn) => addDevice(machine, fn)),
  ]) {
    const covered = devices.filter((device) => !machine.outOfScope.has(device.name));
    const probed = yield* probeBus(machine.core, covered, groupFor(machine));
    if (!probed.ok) return probed;
  }
  // Only now: before it, devices without a domain would all be blocked.
  for (const unit of machine.units) unit.hw.start();
  for (const { name, driver } of listed) yield* bindAtBoot(machine, name, driver);
  for (const fn of order) yield* bindAtBoot(machine, fn.name, driverFor(machine, fn));
  machine.started = true;
  return ok(undefined);
}

/** All of it at once. */
export const boot = (machine: Machine): Result<undefined> => machine.run(bootTask(machine));

/** The main unit's driver comes first, then the others in the order of their lines. */
function powerOn(machine: Machine): Result<undefined> {
  const main = machine.options.iommu;
  const declared =
    main === null ? machine.declared : [[VENDOR_NAMES[main.vendor], main] as const, ...machine.declared];
  for (const [name, spec] of declared) {
    if (machine.leftAlone(spec) !== null) continue;
    if ('vendor' in spec) {
      const unit = createVendorUnit(machine, name, spec);
      if (!unit.ok) return unit;
      machine.units.push(unit.value);
    } else machine.units.push(createGenericUnit(machine, spec));
  }
  for (const { hw } of machine.units) machine.core.registerUnit(hw.ops);
  return ok(undefined);
}

/** Which unit a function's requests come to, or why none. */
function placeInScope(machine: Machine, fn: PciFunction): void {
  const { mainUnit, scope, outOfScope, options, declared } = machine;
  const { iommu } = fn.spec;
  const outside = whyUngrouped(fn);
  const unit = iommu === null ? options.iommu : (declared.get(iommu) ?? null);
  const off = unit && machine.leftAlone(unit);
  if (iommu === 'none') outOfScope.set(fn.name, `no IOMMU has ${fn.name} in its scope`);
  else if (off !== null) outOfScope.set(fn.name, `the kernel leaves its IOMMU alone: ${off}`);
  else if (iommu !== null) scope.set(fn.name, `iommu:${iommu}`);
  else if (mainUnit === null) outOfScope.set(fn.name, 'this machine has no IOMMU');
  else if (outside !== null) outOfScope.set(fn.name, outside);
  else scope.set(fn.name, mainUnit);
}

/** A function appears in a running machine. Its group is decided before the scan of its slot ends. */
export function* hotAdd(machine: Machine, spec: PciFunctionSpec): Task<Result<PciFunction>> {
  const added = machine.topology.addFunction(spec);
  if (!added.ok) return added;
  const fn = added.value;
  placeInScope(machine, fn);
  machine.unit(machine.scope.get(fn.name) ?? '')?.generic?.unit.scope.add(fn.name);
  const device = addDevice(machine, fn);
  if (!machine.outOfScope.has(fn.name)) {
    // A device without an IOMMU is a device all the same: whether it worked is nothing to the bus. Linux: iommu_bus_notifier()
    yield* probeDevice(machine.core, device, groupFor(machine));
  }
  machine.topology.finishSlotScan(fn);
  yield* bindAtBoot(machine, fn.name, driverFor(machine, fn));
  return ok(fn);
}

/** Linux: new_id_store() aside, `driver_override` and `bind` in sysfs. */
export function bindByName(machine: Machine, device: Device, driver: string): Task<Result<undefined>> {
  const fn = machine.topology.findByName(device.name);
  // Linux: pci-driver.c pci_dma_configure(). A register that the script gives is one that Linux was at before.
  if (fn !== null && (fn.spec.acs?.ctrl ?? null) === null) enableAcs(fn);
  return bindDriver(machine.core, device, machine.vfio.driver(driver));
}

function addDevice(machine: Machine, fn: PciFunction): Device {
  const client = {
    name: fn.name,
    rid: fn.rid,
    aliasRids: dmaAliases(fn),
    bridgeRids: bridgeAliases(fn),
    classCode: fn.classCode,
  };
  const { ats, maxPasids } = servicesOf(fn);
  return machine.core.addDevice(client, {
    bridge: isBridgeKind(fn.spec.kind),
    ...resetOf(fn),
    pciePort: PORTS.has(fn.spec.kind),
    pciId: { vendor: fn.vendorId, device: fn.deviceId },
    ats,
    maxPasids,
    untrusted: fn.untrusted,
    sharedPri: fn.spec.virtualOf !== null,
    // At boot a driver has its function before it makes virtual ones, whatever they then find bound.
    virtualFunctions: () => (machine.started ? machine.topology.virtualFunctionsOf(fn).length : 0),
  });
}

const PORTS: ReadonlySet<PciKind> = new Set(['root-port', 'upstream-port', 'downstream-port', 'rcec']);

/** Who is on a bus is reset with it, unless that is a root bus; no slot here is reset by itself. */
const resetOf = ({ bus, spec }: PciFunction): { readonly resetWith?: string } =>
  bus.self === null || spec.virtualOf !== null ? {} : { resetWith: `dev:${bus.self.name}` };

/** The driver that the machine's own system had on it. */
function* bindAtBoot(machine: Machine, name: string, driver: string | null): Task<void> {
  const device = machine.core.devices.get(name);
  if (device === undefined || driver === null) return;
  const bound = yield* bindByName(machine, device, driver);
  // Only what a driver's own probe refuses is told. Linux: drivers/base/dd.c call_driver_probe()
  if (bound.ok || QUIET.has(bound.errno) || bound.rule === 'iommu_device_use_default_domain') return;
  const text = `probe with driver ${driver} failed with error -${ERRNO[bound.errno]}`;
  machine.core.devLog('warn', device, text);
}

/** `vfio-pci.ids=` comes before what the function had; it takes no bridge. Linux: vfio_pci.c vfio_pci_fill_ids() */
function driverFor({ options }: Machine, fn: PciFunction): string | null {
  const ids = options.cmdline.vfioIds;
  const named = ids.some((id) => id.vendorId === fn.vendorId && id.deviceId === fn.deviceId);
  return named && !isBridgeKind(fn.spec.kind) ? 'vfio-pci' : fn.spec.driver;
}

const QUIET: ReadonlySet<Errno> = new Set(['ENODEV', 'ENXIO', 'EPROBE_DEFER']);

const groupFor =
  (machine: Machine) =>
  (device: Device): GroupDecision => {
    const unit = machine.unitOf(device);
    if (machine.platform.has(device.name)) return decidePlatformGroup(machine, device, unit);
    const fn = machine.topology.findByName(device.name);
    if (fn === null) return err('ENODEV', `${device.name} is no PCI function`);
    const beside = decideBesidePlatform(machine, device, unit);
    if (beside !== null) return beside;
    const decision = decideByPolicy(
      unit?.generic?.unit.options.groups ?? 'pci',
      fn,
      (other) => machine.core.devices.get(other.name)?.group ?? null,
      () => machine.topology.functions.filter((other) => machine.scope.get(other.name) === unit?.id),
    );
    if (decision.kind === 'new') return decision;
    const { group, via, rule, why, evidence } = decision;
    return { kind: 'join', group: group.id, via: via.name, rule, why, evidence };
  };
