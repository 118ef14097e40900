import { functionOf, slotOf } from '../../../engine/pci/address';
import type { PciFunction } from '../../../engine/pci/function';
import { isBridgeKind } from '../../../engine/pci/function-spec';
import { VMD_FIRST_DOMAIN } from '../../../engine/pci/known-devices';
import type { PciTopology } from '../../../engine/pci/topology';
import { SCOPE_BRIDGE, SCOPE_ENDPOINT, type Dmar, type DmarScope } from './dmar';
import { ReservedList, type AcpiReserved, type AcpiUnit, type Placement } from './placement';
import { placeIn, type Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

/** Linux: drivers/iommu/intel/dmar.c, intel/iommu.c */
export function placeVtd(dmar: Dmar, topology: PciTopology, remarks: Remarks): Placement {
  const scopes = new DeviceScopes(dmar, topology, remarks);
  const units = vtdUnits(dmar);
  // Units that cover the rest of a segment come last; of the others the last of the table comes first.
  const listed = dmar.units.map((drhd, index) => ({ drhd, unit: units[index] }));
  const explicit = listed.filter(({ drhd }) => !drhd.includeAll).toReversed();
  const rest = listed.filter(({ drhd }) => drhd.includeAll);
  // A function is in the scope of the first unit that lists it.
  const taken = new Set<PciFunction>();
  const devices = explicit.map(({ drhd, unit }) => {
    const named = new Set(scopes.devices(drhd.segment, drhd.scopes));
    const found = [...named].filter((fn) => !taken.has(fn));
    for (const fn of found) taken.add(fn);
    return { drhd, unit, found: new Set(found), bridges: found.filter((fn) => fn.subordinate !== null) };
  });
  for (const { drhd, unit, found } of devices)
    if (found.size === 0)
      remarks.add(
        dmar.table,
        drhd.offset,
        says.n0xCoversNoFunction(unit?.name ?? '', drhd.base.toString(16)),
      );

  const unitOf = new Map<PciFunction, AcpiUnit | null>();
  for (const fn of topology.functions) {
    const real = topology.realDmaDevice(fn);
    const physical = physicalOf(real, topology);
    const segment = real.address.domain;
    const match =
      devices.find(
        ({ drhd, found, bridges }) =>
          drhd.segment === segment &&
          (found.has(physical) || bridges.some((bridge) => isBelow(physical, bridge))),
      ) ?? rest.find(({ drhd }) => drhd.segment === segment);
    unitOf.set(fn, match?.unit ?? null);
  }
  warnOfAts(dmar, scopes, topology, remarks);
  return {
    units,
    namesFunctions: dmar.units.some((unit) => unit.includeAll || unit.scopes.length > 0),
    unitOf,
    reserved: reservedOf(dmar, scopes, unitOf, remarks),
    aliases: new Map(),
  };
}

export const vtdUnits = ({ table, units }: Dmar): readonly AcpiUnit[] =>
  units.map(({ base, segment, includeAll, offset }, index) => ({
    name: `dmar${index}`,
    kind: 'vtd',
    base,
    segment,
    includeAll,
    line: table.lineAt(offset),
  }));

/** VFs are in no scope: their physical function is. Linux: device_lookup_iommu() */
const physicalOf = (fn: PciFunction, topology: PciTopology): PciFunction =>
  (fn.spec.virtualOf && topology.find(fn.spec.virtualOf)) ?? fn;

/** Linux: is_downstream_to_pci_bridge() */
const isBelow = (fn: PciFunction, { address, spec: { buses } }: PciFunction): boolean =>
  buses !== null &&
  fn.address.domain === address.domain &&
  fn.address.bus >= buses.secondary &&
  fn.address.bus <= buses.subordinate;

/** Finds the functions that device scopes name. Linux: dmar_insert_dev_scope(), dmar_match_pci_path() */
class DeviceScopes {
  private readonly byPath = new Map<string, PciFunction>();

  constructor(
    private readonly dmar: Dmar,
    private readonly topology: PciTopology,
    private readonly remarks: Remarks,
  ) {
    for (const fn of topology.functions)
      if (!fn.isVirtual && fn.address.domain < VMD_FIRST_DOMAIN) this.byPath.set(pathOf(fn), fn);
  }

  devices(segment: number, scopes: readonly DmarScope[]): readonly PciFunction[] {
    return scopes.flatMap((scope) => {
      if (scope.type !== SCOPE_ENDPOINT && scope.type !== SCOPE_BRIDGE) return [];
      const fn = this.find(segment, scope);
      if (fn === null) return [];
      this.checkType(fn, scope);
      return [fn];
    });
  }

  private find(segment: number, { bus, path, offset }: DmarScope): PciFunction | null {
    const steps = path.map(({ device, fn }) => `${device}.${fn}`);
    const exact = this.byPath.get([segment, bus, ...steps].join('/'));
    if (exact !== undefined) return exact;
    const [only, ...more] = path;
    if (only === undefined || more.length > 0 || only.device > 31 || only.fn > 7) return null;
    // Firmware that names a function by its bus instead of the way to it.
    const direct = this.topology.find({ domain: segment, bus, devfn: (only.device << 3) | only.fn });
    if (direct === null || direct.isVirtual) return null;
    this.remarks.add(this.dmar.table, offset, says.namesByItsBusInstead(placeIn(this.dmar.table, offset)), [
      direct.name,
    ]);
    return direct;
  }

  private checkType(fn: PciFunction, { type, offset }: DmarScope): void {
    const isBridge = isBridgeKind(fn.spec.kind);
    const fits = type === SCOPE_ENDPOINT ? !isBridge : isBridge || fn.spec.classCode >> 16 === 0x06;
    if (fits) return;
    this.remarks.add(
      this.dmar.table,
      offset,
      says.callsWhichItIsNotLinux(placeIn(this.dmar.table, offset), type === SCOPE_ENDPOINT),
      [fn.name],
    );
  }
}

/** From the root bus: `0/0/28.0/0.0`. */
function pathOf(fn: PciFunction): string {
  const steps: string[] = [];
  let at = fn;
  for (;;) {
    steps.unshift(`${slotOf(at.address.devfn)}.${functionOf(at.address.devfn)}`);
    if (at.bus.self === null) break;
    at = at.bus.self;
  }
  return [at.address.domain, at.address.bus, ...steps].join('/');
}

const isUsb = (fn: PciFunction): boolean => fn.classCode >> 8 === 0x0c03;
const isDisplay = (fn: PciFunction): boolean => fn.classCode >> 16 === 0x03;

/** Linux: intel_iommu_get_resv_regions(), device_rmrr_is_relaxable() */
function reservedOf(
  { table, reserved }: Dmar,
  scopes: DeviceScopes,
  unitOf: ReadonlyMap<PciFunction, AcpiUnit | null>,
  remarks: Remarks,
): readonly AcpiReserved[] {
  const regions = new ReservedList(table, remarks);
  for (const { offset, segment, start, last, scopes: named } of reserved) {
    if (!regions.isPossible(offset, start, last)) continue;
    const range = `0x${start.toString(16)}-0x${last.toString(16)}`;
    if (start % 0x1000n !== 0n || (last + 1n) % 0x1000n !== 0n)
      remarks.add(table, offset, says.reservedMemoryIsNotOfWhole(placeIn(table, offset), range));
    const devices = new Set(scopes.devices(segment, named));
    const bridges = [...devices].filter((fn) => fn.subordinate !== null);
    let found = false;
    for (const [fn, unit] of unitOf) {
      if (unit === null) continue;
      if (!devices.has(fn) && !bridges.some((bridge) => isBelow(fn, bridge))) continue;
      found = true;
      regions.add(offset, fn, { start, last }, isUsb(fn) || isDisplay(fn) ? 'direct-relaxable' : 'direct');
    }
    if (!found) remarks.add(table, offset, says.memoryIsReservedForAFunction(placeIn(table, offset), range));
  }
  return regions.list;
}

/** Linux: dmar_ats_supported() */
function warnOfAts(dmar: Dmar, scopes: DeviceScopes, topology: PciTopology, remarks: Remarks): void {
  const ports = dmar.atsr.map(({ segment, flag, scopes: named }) => ({
    segment,
    all: flag,
    ports: new Set(scopes.devices(segment, named)),
  }));
  const integrated = new Set(
    dmar.satc.flatMap(({ segment, scopes: named }) => scopes.devices(segment, named)),
  );
  const without = topology.functions.filter((fn) => {
    if (!fn.spec.ats || fn.address.domain >= VMD_FIRST_DOMAIN) return false;
    const physical = physicalOf(fn, topology);
    if (integrated.has(physical)) return false;
    const port = rootPortOf(physical);
    return (
      port !== null &&
      !ports.some(
        ({ segment, all, ports: listed }) => segment === port.address.domain && (all || listed.has(port)),
      )
    );
  });
  if (without.length > 0)
    remarks.add(
      dmar.table,
      dmar.atsr[0]?.offset ?? 0,
      says.noAtsrOfTheDmarTable,
      without.map((fn) => fn.name),
    );
}

function rootPortOf(fn: PciFunction): PciFunction | null {
  for (let { bus } = fn; bus.self !== null; { bus } = bus.self)
    if (bus.self.spec.kind === 'root-port') return bus.self;
  return null;
}
