import { bindDriver } from '../iommu/drivers';
import type { Device } from '../iommu/device';
import type { GroupDecision } from '../iommu/group';
import { decideGroup, whyUngrouped } from '../iommu/pci-device-group';
import { probeBus, probeDevice } from '../iommu/probe';
import { err, ok, type Result } from '../kernel/errno';
import { dmaAliases } from '../pci/alias';
import type { PciFunction } from '../pci/function';
import { isBridgeKind, type PciFunctionSpec, type PciKind } from '../pci/function-spec';
import type { Machine } from './machine';
import { createVtdUnit } from './vtd-unit';

/**
 * What the kernel does when it starts: every function of every bus is known before the first group is made, then the
 * IOMMU is on, then drivers bind.
 *
 * Linux: pci_subsys_init(), intel_iommu_init(), bus_iommu_probe(), driver_attach()
 */
export function boot(machine: Machine): Result<undefined> {
  machine.booted = true;
  const order = machine.topology.scanOrder();
  for (const fn of order) machine.topology.finishSlotScan(fn);
  if (machine.options.iommu === 'vtd') {
    const unit = createVtdUnit(machine);
    if (!unit.ok) return unit;
    machine.unit = unit.value;
    machine.core.registerUnit(unit.value.ops);
  }
  const devices = order.map((fn) => addDevice(machine, fn));
  const covered = devices.filter((device) => !machine.outOfScope.has(device.name));
  const probed = machine.run(probeBus(machine.core, covered, groupFor(machine)));
  if (!probed.ok) return probed;
  // Only now: before it, devices without a domain would all be blocked.
  machine.unit?.start();
  for (const fn of order) bindFirmwareChoice(machine, fn);
  machine.started = true;
  return ok(undefined);
}

/** A function appears in a running machine. Its group is decided before the scan of its slot ends. */
export function hotAdd(machine: Machine, spec: PciFunctionSpec): Result<PciFunction> {
  const added = machine.topology.addFunction(spec);
  if (!added.ok) return added;
  const fn = added.value;
  const device = addDevice(machine, fn);
  if (!machine.outOfScope.has(fn.name)) {
    const probed = machine.run(probeDevice(machine.core, device, groupFor(machine)));
    // A device without an IOMMU is a device all the same.
    if (!probed.ok && probed.errno !== 'ENODEV') {
      machine.core.devLog('err', device, `Failed to add to iommu group: ${probed.why}`);
    }
  }
  machine.topology.finishSlotScan(fn);
  bindFirmwareChoice(machine, fn);
  return ok(fn);
}

/** Linux: new_id_store() aside, `driver_override` and `bind` in sysfs. */
export function bindByName(machine: Machine, device: Device, driver: string): Result<undefined> {
  return machine.run(bindDriver(machine.core, device, machine.vfio.driver(driver)));
}

function addDevice(machine: Machine, fn: PciFunction): Device {
  const outside = machine.unit === null ? 'this machine has no IOMMU' : whyUngrouped(fn);
  if (outside !== null) machine.outOfScope.set(fn.name, outside);
  const client = { name: fn.name, rid: fn.rid, aliasRids: dmaAliases(fn), classCode: fn.classCode };
  return machine.core.addDevice(client, {
    bridge: isBridgeKind(fn.spec.kind),
    pciePort: PORTS.has(fn.spec.kind),
    // At boot a driver has its function before it makes virtual ones, whatever they then find bound.
    virtualFunctions: () => (machine.started ? virtualFunctionsOf(machine, fn) : 0),
  });
}

const PORTS: ReadonlySet<PciKind> = new Set(['root-port', 'upstream-port', 'downstream-port', 'rcec']);

const virtualFunctionsOf = ({ topology }: Machine, fn: PciFunction): number =>
  topology.functions.filter(({ spec }) => spec.virtualOf !== null && topology.find(spec.virtualOf) === fn)
    .length;

/** The driver that the machine's own system had on it. */
function bindFirmwareChoice(machine: Machine, fn: PciFunction): void {
  const device = machine.core.devices.get(fn.name);
  if (device === undefined || fn.spec.driver === null) return;
  const bound = bindByName(machine, device, fn.spec.driver);
  if (!bound.ok)
    machine.core.devLog('err', device, `probe with driver ${fn.spec.driver} failed: ${bound.why}`);
}

const groupFor =
  (machine: Machine) =>
  (device: Device): GroupDecision => {
    const fn = machine.topology.findByName(device.name);
    if (fn === null) return err('ENODEV', `${device.name} is no PCI function`);
    const decision = decideGroup(fn, (other) => machine.core.devices.get(other.name)?.group ?? null);
    if (decision.kind === 'new') return decision;
    const { group, via, rule, why } = decision;
    return { kind: 'join', group: group.id, via: via.name, rule, why };
  };
