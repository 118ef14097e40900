import { unbindDriver } from '../iommu/drivers';
import { releaseDevice } from '../iommu/probe';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { formatBdf } from '../pci/address';
import type { PciFunction } from '../pci/function';
import type { PciFunctionSpec } from '../pci/function-spec';
import type { PciBus } from '../pci/topology';
import { hotAdd } from './boot';
import type { Machine } from './machine';

/**
 * Takes a function and everything behind it from the kernel, drivers first; gives what went.
 *
 * Linux: drivers/pci/remove.c pci_stop_and_remove_bus_device()
 */
export function* removeFunction(machine: Machine, fn: PciFunction): Task<Result<readonly PciFunction[]>> {
  const gone = removalOrder(machine, fn);
  for (const { name } of gone) {
    const device = machine.core.devices.get(name);
    const unbound = device && (yield* unbindDriver(machine.core, device));
    if (unbound && !unbound.ok) return unbound;
  }
  for (const { name } of gone) {
    const device = machine.core.devices.get(name);
    if (device) yield* releaseDevice(machine.core, device);
    machine.scope.delete(name);
    machine.outOfScope.delete(name);
  }
  // In the order of their going, so that nothing else is taken along.
  for (const each of gone) machine.topology.removeFunction(each, 'stay');
  return ok(gone);
}

/**
 * What is behind a function first. Its virtual functions are its driver's to take away; some drivers leave them behind.
 *
 * Linux: drivers/pci/iov.c pci_iov_remove()
 */
function removalOrder({ topology, core }: Machine, top: PciFunction): readonly PciFunction[] {
  const order = new Set<PciFunction>();
  const visit = (fn: PciFunction): void => {
    const { subordinate } = fn;
    for (const bus of subordinate ? [subordinate, ...subordinate.children] : [])
      if (bus === subordinate || bus.self === null) bus.functions.toReversed().forEach(visit);
    const driver = core.devices.get(fn.name)?.driver;
    if (driver && !LEAVES_VIRTUAL.has(driver.name))
      topology.virtualFunctionsOf(fn).toReversed().forEach(visit);
    order.add(fn);
  };
  visit(top);
  return [...order];
}

/** Drivers that have virtual functions made by pci_sriov_configure_simple() and never disable them. */
const LEAVES_VIRTUAL: ReadonlySet<string> = new Set([
  'nvme',
  'ena',
  'hinic3',
  'mhi-pci-generic',
  'pci-pf-stub',
]);

/**
 * As removeFunction(), but the card stays in its slot, to be found again by rescan(). Virtual functions are no more.
 *
 * Linux: drivers/pci/pci-sysfs.c remove_store()
 */
export function* removeBySysfs(machine: Machine, fn: PciFunction): Task<Result<undefined>> {
  const gone = yield* removeFunction(machine, fn);
  if (!gone.ok) return gone;
  for (const { spec, name } of gone.value) if (spec.virtualOf === null) machine.unnoticed.set(name, spec);
  return ok(undefined);
}

/**
 * Looks on every bus for functions that the kernel does not know; gives their number. A function's group is decided as soon
 * as it is found, so before its slot's others are.
 *
 * Linux: pci-sysfs.c rescan_store(), probe.c pci_rescan_bus(), pci_scan_child_bus_extend()
 */
export function* rescan(machine: Machine): Task<number> {
  const before = machine.unnoticed.size;
  for (const { domain, number } of rootBuses(machine)) yield* scanBus(machine, domain, number);
  return before - machine.unnoticed.size;
}

type BusNumber = Pick<PciBus, 'domain' | 'number'>;

/** Buses that no bridge leads to, whether or not the kernel knows a function there. */
function rootBuses({ topology, unnoticed }: Machine): readonly BusNumber[] {
  const specs = [...unnoticed.values(), ...topology.functions.map(({ spec }) => spec)];
  const key = (domain: number, bus: number): number => domain * 256 + bus;
  const led = new Set(
    specs.flatMap(({ address, buses }) => (buses === null ? [] : [key(address.domain, buses.secondary)])),
  );
  const roots = new Set<number>();
  for (const { address, virtualOf } of specs) {
    const bus = key(address.domain, address.bus);
    if (virtualOf === null && !led.has(bus)) roots.add(bus);
  }
  return [...roots].sort((a, b) => a - b).map((bus) => ({ domain: bus >> 8, number: bus & 0xff }));
}

function* scanBus(machine: Machine, domain: number, bus: number): Task<void> {
  const on = ({ address }: Pick<PciFunctionSpec, 'address'>): boolean =>
    address.domain === domain && address.bus === bus;
  const found = [...machine.unnoticed.values()].filter(on).sort((a, b) => a.address.devfn - b.address.devfn);
  for (const spec of found) {
    machine.unnoticed.delete(formatBdf(spec.address));
    yield* hotAdd(machine, spec);
  }
  const bridges = machine.topology.functions.filter((fn) => on(fn) && fn.subordinate !== null);
  for (const { subordinate } of bridges.sort((a, b) => a.address.devfn - b.address.devfn))
    if (subordinate !== null) yield* scanBus(machine, domain, subordinate.number);
}

/** Drivers that make virtual functions of none of their devices. Linux: struct pci_driver without sriov_configure */
const WITHOUT_SRIOV: ReadonlySet<string> = new Set(['pcieport', 'pci-stub']);

/**
 * Makes virtual functions, or takes them all away.
 *
 * Linux: drivers/pci/iov.c sriov_numvfs_store(), sriov_enable(), pci_iov_add_virtfn(), sriov_disable()
 */
export function* setNumVfs(machine: Machine, fn: PciFunction, count: number): Task<Result<undefined>> {
  const rule = 'sriov_numvfs_store';
  const culprit = `dev:${fn.name}`;
  const { sriov } = fn.spec;
  if (sriov === null) return err('ENOENT', `${fn.name} has no SR-IOV capability`, { rule, culprit });
  if (count > sriov.total)
    return err('ERANGE', `${fn.name} can have ${sriov.total} virtual functions`, { rule, culprit });
  const present = machine.topology.virtualFunctionsOf(fn);
  if (count === present.length) return ok(undefined);
  const driver = machine.core.devices.get(fn.name)?.driver ?? null;
  if (driver === null)
    return err('ENOENT', `${fn.name} has no driver, and its driver alone can make virtual functions`, {
      rule,
      culprit,
    });
  if (WITHOUT_SRIOV.has(driver.name))
    return err('ENOENT', `${driver.name} makes no virtual functions`, { rule, culprit });
  if (driver.managed)
    return err('ENOENT', `${driver.name} makes virtual functions only with its parameter enable_sriov=1`, {
      rule: 'vfio_pci_core_sriov_configure',
      culprit,
    });
  if (count === 0) {
    for (const each of present.toReversed()) {
      const gone = yield* removeFunction(machine, each);
      if (!gone.ok) return gone;
    }
    return ok(undefined);
  }
  if (present.length > 0)
    return err('EBUSY', `${present.length} virtual functions of ${fn.name} are there already: set 0 first`, {
      rule,
      culprit,
    });
  const addresses = Array.from({ length: count }, (_, index) => {
    const rid = fn.rid + sriov.offset + sriov.stride * index;
    return { domain: fn.address.domain, bus: rid >> 8, devfn: rid & 0xff };
  });
  const last = addresses.at(-1)?.bus ?? 0;
  const end = fn.bus.self?.spec.buses?.subordinate ?? 0xff;
  if (last > end)
    return err(
      'ENOMEM',
      `can't enable ${count} VFs: bus ${last.toString(16).padStart(2, '0')} is not among those behind ${fn.bus.self?.name ?? fn.name}`,
      { rule: 'sriov_enable', culprit },
    );
  for (const address of addresses) {
    const added = yield* hotAdd(machine, virtualSpec(fn.spec, address, sriov.vfDevice));
    if (!added.ok) return added;
  }
  return ok(undefined);
}

/** A virtual function has its physical one's vendor and class. Spec: PCI Express Base 6.0, 9.3.4.1 "PCI-compatible fields" */
const virtualSpec = (
  physical: PciFunctionSpec,
  address: PciFunctionSpec['address'],
  device: number | null,
): PciFunctionSpec => ({
  ...physical,
  address,
  deviceId: device ?? physical.deviceId,
  buses: null,
  acs: null,
  multifunction: false,
  virtualOf: physical.address,
  recordedGroup: null,
  driver: null,
  sriov: null,
  bars: [],
  label: null,
});
