import { createAmdUnit } from '../hw/amd/unit';
import { createRiscvUnit } from '../hw/riscv/unit';
import { createSmmuUnit } from '../hw/smmuv3/unit';
import { createVtdUnit } from '../hw/vtd/unit';
import type { HardwareUnit, UnitOptions } from '../hw/unit';
import { IopfQueue, iopfQueueAddDevice, iopfQueueRemoveDevice } from '../iommu/page-fault-report';
import { ok, type Result } from '../kernel/errno';
import { servicesOf } from '../pci/services';
import type { Machine } from './machine';
import type { PageRequests, Unit } from './unit';
import type { UnitVendor, VendorSpec } from './vendor';
import { amdConfig, riscvConfig, smmuConfig, vtdConfig } from './vendor-config';

const TITLES: Readonly<Record<UnitVendor, string>> = {
  vtd: 'Intel VT-d',
  amd: 'AMD-Vi',
  smmuv3: 'Arm SMMUv3',
  riscv: 'RISC-V IOMMU',
};

/** An IOMMU of a vendor, powered on and taken over by its driver. `name`: as in its world id. */
export function createVendorUnit(machine: Machine, name: string, spec: VendorSpec): Result<Unit> {
  const id = `iommu:${name}`;
  const pageRequests: PageRequests = { queue: new IopfQueue(`${name}-iopfq`), reported: [] };
  machine.memory.taker = id;
  const made = make(machine, spec, unitOptions(machine, id, pageRequests));
  machine.memory.taker = null;
  if (!made.ok) return made;
  const { vendor } = spec;
  return ok({ id, vendor, title: `${TITLES[vendor]} ${name}`, traits: [], pageRequests, hw: made.value });
}

function make(
  { ids, units, platform, options: { defects } }: Machine,
  spec: VendorSpec,
  options: UnitOptions,
): Result<HardwareUnit> {
  switch (spec.vendor) {
    case 'vtd':
      return createVtdUnit({ ...options, ...vtdConfig(spec), driver: { registerBase: nextBase(units) } });
    case 'amd':
      return createAmdUnit({ ...options, ...amdConfig(spec) });
    case 'smmuv3':
      return createSmmuUnit({
        ...options,
        ...smmuConfig(spec),
        driver: {
          asids: ids.asids,
          dirtyWithoutFlush: defects.has('smmu-dirty-without-flush'),
          canStall: (name) => platform.get(name)?.stall === true,
        },
      });
    case 'riscv': {
      const { config, driver } = riscvConfig(spec);
      return createRiscvUnit({ ...options, config, driver: { ...driver, pscids: ids.pscids } });
    }
  }
}

/** Each VT-d unit has a page of registers, one behind another, as firmware's DRHD structures have them. */
const VTD_REGISTERS = 0xfed9_0000;
const nextBase = (units: readonly Unit[]): number =>
  VTD_REGISTERS + 4096 * units.filter(({ vendor }) => vendor === 'vtd').length;

const NOTHING = { ats: false, pri: false, maxPasids: 0, untrusted: false } as const;

/** What the unit and its driver see of the machine. */
function unitOptions(machine: Machine, id: string, { queue, reported }: PageRequests): UnitOptions {
  const { core, memory, trace, scope, reserved, topology, endpoints, platform } = machine;
  return {
    unit: id,
    memory,
    trace,
    scope: ({ name }) => scope.get(name) === id,
    reservedOf: (name) => reserved.get(name) ?? [],
    link: endpoints.linkTo((rid) => machine.requester(id, rid)),
    control: endpoints,
    abilitiesOf(name) {
      const fn = topology.findByName(name);
      if (fn === null) return { ...NOTHING, maxPasids: platform.get(name)?.pasids ?? 0 };
      return { ...servicesOf(fn), untrusted: fn.untrusted };
    },
    pageRequests: {
      allow({ name }) {
        const device = core.devices.get(name);
        return device !== undefined && iopfQueueAddDevice(core, queue, device).ok;
      },
      forbid({ name }) {
        const device = core.devices.get(name);
        if (device) iopfQueueRemoveDevice(core, queue, device);
      },
      report({ name }, { read, write, execute, privileged, ...fault }) {
        const perm = (read ? 1 : 0) | (write ? 2 : 0) | (execute ? 4 : 0) | (privileged ? 8 : 0);
        reported.push({ device: name, perm, ...fault });
      },
    },
    deliver: (source, handler) => machine.interrupts.raise(`${id} ${source}`, handler),
    onCommand: (name) => machine.traffic.onCommand(name),
    nextLabel: machine.nextLabel,
    sisters: () => machine.units.map(({ hw }) => hw.ops),
  };
}
