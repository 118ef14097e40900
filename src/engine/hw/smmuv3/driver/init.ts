import type { IommuClient, ResvRegion } from '../../../iommu/ops';
import { ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { silent, type Trace } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import type { DeviceAbilities, DeviceControl, PageRequestGate } from '../../unit';
import { CommandQueue } from './command-queue';
import { IdSpace } from './ids';
import { deviceLog, linePrinter } from './log';
import { DEFAULT_CPU, FEAT, has, probeHardware, type Cpu, type Firmware } from './probe';
import { RegisterIo } from './register-io';
import { Ring } from './ring';
import type { Smmu } from './smmu';
import { bypassSte } from './ste';
import { StreamTable } from './strtab';

export interface SmmuDriverOptions {
  readonly memory: PhysicalMemory;
  readonly bus: RegisterBus;
  /** World id, e.g. `iommu:smmu0`. */
  readonly unit: string;
  readonly trace?: Trace;
  /** Name of the unit's platform device. Default: as an ACPI system names its first. */
  readonly name?: string;
  /** Whether a device's requests come to this unit. Default: all do. */
  readonly scope?: (device: IommuClient) => boolean;
  readonly reservedOf?: (device: string) => readonly ResvRegion[];
  readonly abilitiesOf?: (device: string) => DeviceAbilities;
  readonly control?: DeviceControl;
  readonly pageRequests?: PageRequestGate;
  readonly nextLabel?: () => string;
  /** Devices whose faults may wait for an answer. Default: none. Linux: dma-can-stall */
  readonly canStall?: (device: string) => boolean;
  /** Whether their root complex takes ATS. Default: yes. Linux: IOMMU_FWSPEC_PCI_RC_ATS */
  readonly rootComplexAts?: (device: string) => boolean;
  /** Whether they are coherent whatever they ask for. Default: no. Linux: IOMMU_FWSPEC_PCI_RC_CANWBS */
  readonly canWbs?: (device: string) => boolean;
  /** Default: as the unit says. */
  readonly firmware?: Partial<Firmware>;
  readonly cpu?: Partial<Cpu>;
  /** Linux: arm_smmu_v3.disable_msipolling */
  readonly disableMsiPolling?: boolean;
  /** ASIDs of the machine; units of one get the same. */
  readonly asids?: IdSpace;
  /** StreamIDs whose DMA goes on from before: they pass until their device is attached. ACPI: RMR nodes of the IORT */
  readonly rmrStreams?: readonly number[];
  /** Fault injection: map and unmap tell no cache. */
  readonly skipInvalidation?: boolean;
  /** What the kernel does with dirty pages that it clears: see DomainHost. */
  readonly dirtyWithoutFlush?: boolean;
}

const NO_ABILITIES: DeviceAbilities = { ats: false, pri: false, maxPasids: 0 };
const NOBODY: DeviceControl = { ats: () => undefined, pri: () => undefined, pasid: () => undefined };
const CLOSED: PageRequestGate = {
  allow: () => false,
  forbid: () => undefined,
  report: () => undefined,
};
const CMD_BYTES = 16;
const EVENT_BYTES = 32;
const PRI_BYTES = 16;

/** Linux: arm_smmu_device_hw_probe(), arm_smmu_init_structures(), arm_smmu_rmr_install_bypass_ste() */
export function createSmmu(options: SmmuDriverOptions): Result<Smmu> {
  const { memory, unit, trace = silent } = options;
  const device = options.name ?? 'arm-smmu-v3.0.auto';
  const log = deviceLog(trace, device);
  const io = new RegisterIo(options.bus, unit, trace);
  const cpu = { ...DEFAULT_CPU, ...options.cpu };
  const caps = probeHardware(io, log, cpu, { coherent: null, httu: null, ...options.firmware });
  if (!caps.ok) return caps;
  const { features, sidBits, msiPoll, forceSync } = caps.value;
  const cmdRing = Ring.create(memory, log, 'cmdq', caps.value.cmdqShift, CMD_BYTES);
  if (!cmdRing.ok) return cmdRing;
  const evtq = Ring.create(memory, log, 'evtq', caps.value.evtqShift, EVENT_BYTES);
  if (!evtq.ok) return evtq;
  const priq = has({ features }, FEAT.PRI)
    ? Ring.create(memory, log, 'priq', caps.value.priqShift, PRI_BYTES)
    : ok(null);
  if (!priq.ok) return priq;
  const strtab = StreamTable.create(memory, log, sidBits, has({ features }, FEAT.TWO_LVL_STRTAB));
  if (!strtab.ok) return strtab;
  const cmdq = new CommandQueue(memory, io, log, cmdRing.value, {
    msiPoll: msiPoll && options.disableMsiPolling !== true,
    forceSync,
  });
  const streams: Smmu['streams'] = new Map();
  const smmu: Smmu = {
    name: unit,
    caps: caps.value,
    cpu,
    memory,
    trace,
    device,
    log,
    print: linePrinter(trace),
    io,
    cmdq,
    evtq: evtq.value,
    priq: priq.value,
    strtab: strtab.value,
    asids: options.asids ?? new IdSpace(),
    vmids: new IdSpace(),
    facts: {
      abilitiesOf: options.abilitiesOf ?? (() => NO_ABILITIES),
      canStall: options.canStall ?? (() => false),
      rootComplexAts: options.rootComplexAts ?? (() => true),
      canWbs: options.canWbs ?? (() => false),
    },
    control: options.control ?? NOBODY,
    pageRequests: options.pageRequests ?? CLOSED,
    streams,
  };
  for (const sid of options.rmrStreams ?? []) passUntilAttached(smmu, sid);
  return ok(smmu);
}

/** The table is not the unit's yet, so nobody has to be told. */
function passUntilAttached({ strtab, caps, log }: Smmu, sid: number): void {
  if (!strtab.init(sid).ok) {
    log('err', `RMR SID(0x${sid.toString(16)}) bypass failed`);
    return;
  }
  const entry = strtab.entry(sid);
  const ste = bypassSte(has(caps, FEAT.ATTR_TYPES_OVR));
  for (const [index, word] of ste.entries()) entry.write(index, word);
}
