import { invariant } from '../../lib/invariant';
import type { GenericOptions } from '../hw/generic/options';
import { PscidSpace } from '../hw/riscv/driver/driver';
import { IdSpace } from '../hw/smmuv3/driver/ids';
import { Endpoints } from './endpoints';
import { Hazards } from './hazards';
import { Interrupts } from './interrupts';
import { Walked } from './walked';
import { DEFAULT_OPTIONS, IommuCore, type IommuOptions } from '../iommu/core';
import type { Device } from '../iommu/device';
import type { DmaOwner, IommuGroup } from '../iommu/group';
import type { IommuDomain, ResvRegion } from '../iommu/ops';
import type { Access } from '../iommufd/access';
import { Iommufd } from '../iommufd/ctx';
import type { KernelDefect } from '../iommufd/options';
import { createSelftest } from '../iommufd/selftest/selftest';
import { WAIT_UNDER } from '../kernel/lock-order';
import { Lockdep } from '../kernel/lockdep';
import { Scheduler } from '../kernel/scheduler';
import type { Task } from '../kernel/task';
import { PhysicalMemory } from '../memory/physical-memory';
import { ProcessMemory } from '../memory/process-memory';
import type { FrameBytes } from '../memory/user-memory';
import type { PciFunctionSpec } from '../pci/function-spec';
import { PciTopology } from '../pci/topology';
import { TraceBuffer } from '../trace/trace';
import { Vfio } from '../vfio/vfio';
import { readCmdline, requestsAcs, type Cmdline } from '../pci/cmdline';
import { KernelLog } from './kernel-log';
import { Names } from './names';
import type { Mediated } from './mediated';
import type { PlatformSpec } from './platform';
import { OpenFiles } from './open-files';
import { ProcessCaller } from './process-caller';
import { Traffic } from './traffic/traffic';
import type { Unit } from './unit';
import { plainVendor, VENDOR_NAMES, type VendorSpec } from './vendor';

/** What the `machine` line says. */
export interface MachineOptions {
  /** Its main IOMMU; null for none. */
  readonly iommu: VendorSpec | null;
  /** The kernel's command line. */
  readonly kernel: IommuOptions;
  /** What the boot loader hands to the kernel. */
  readonly cmdline: Cmdline;
  /** What answers at /dev/vfio/vfio. Linux: CONFIG_VFIO_CONTAINER, CONFIG_IOMMUFD_VFIO_CONTAINER */
  readonly container: 'type1' | 'iommufd';
  /** Of iommufd and of vfio_iommu_type1. Linux: module parameter allow_unsafe_interrupts */
  readonly unsafeInterrupts: boolean;
  /** The mock IOMMU of the kernel's own tests, and the command that makes devices for it. Linux: CONFIG_IOMMUFD_TEST */
  readonly selftest: boolean;
  /** Mistakes of the kernel that are made here too. */
  readonly defects: ReadonlySet<KernelDefect>;
}

export const DEFAULT_MACHINE: MachineOptions = {
  iommu: plainVendor('vtd'),
  kernel: DEFAULT_OPTIONS,
  cmdline: readCmdline('', 'vtd'),
  container: 'type1',
  unsafeInterrupts: false,
  selftest: false,
  defects: new Set(),
};

/** One computer with its kernel and its processes, put together from the floors below. */
export class Machine {
  readonly trace = new TraceBuffer();
  readonly scheduler = new Scheduler(this.trace, new Lockdep(WAIT_UNDER));
  readonly memory = new PhysicalMemory();
  readonly processes = new Map<string, ProcessMemory>();
  readonly names = new Names();
  readonly topology: PciTopology;
  readonly core: IommuCore;
  readonly iommufd: Iommufd;
  readonly vfio: Vfio;
  readonly files = new OpenFiles();
  /** Drivers that reach memory without an IOMMU, by their access. */
  readonly mediated = new Map<Access, Mediated>();
  private readonly callers = new Map<string, ProcessCaller>();
  /** Owners that kernel drivers named, by that word. */
  readonly owners = new Map<string, DmaOwner>();
  /** References that the script's own lines hold. */
  readonly groupHolds = new Map<IommuGroup, number>();
  /** Domains that kernel drivers allocated and did not free. */
  readonly driverDomains = new Set<IommuDomain>();
  /** Which point of the line that comes next is to fail; 0 for none. */
  failNth = 0;
  readonly kernelLog = new KernelLog();
  /** The devices' own ends of ATS and PRI. */
  readonly endpoints = new Endpoints();
  /** Memory that answers devices badly. */
  readonly hazards = new Hazards();
  readonly walked = new Walked();
  readonly interrupts = new Interrupts();
  /** What devices do by themselves, beside the lines of the script. */
  readonly traffic = new Traffic(this);
  /** Numbers that the drivers of several units of a kind share. */
  readonly ids = { asids: new IdSpace(), pscids: new PscidSpace() };
  private labels = 0;
  /** Names domains. */
  readonly nextLabel = (): string => `domain ${++this.labels}`;
  /** IOMMUs beside the main one, by name: there from boot on. */
  readonly declared = new Map<string, GenericOptions | VendorSpec>();
  /** What firmware lists beside PCI, by name. */
  readonly platform = new Map<string, PlatformSpec>();
  /** What firmware keeps of a device's addresses, by PCI name. */
  readonly reserved = new Map<string, ResvRegion[]>();
  /** The IOMMUs, from boot on; the machine's main one first, if it has one. */
  readonly units: Unit[] = [];
  /** World id of the unit in whose scope a function is, by PCI name. */
  readonly scope = new Map<string, string>();
  /** Functions in their slots that the kernel was told to forget, by PCI name: a rescan finds them. */
  readonly unnoticed = new Map<string, PciFunctionSpec>();
  /** Physical functions whose virtual ones get no driver, by PCI name. Linux: pci_sriov::drivers_autoprobe */
  readonly withoutVfDrivers = new Set<string>();
  /** Why a function is in no unit's scope, by PCI name. */
  readonly outOfScope = new Map<string, string>();
  booted = false;
  /** Lines are only run to get past them: what they did is not put into words. */
  quiet = false;
  /** The drivers of boot are bound: from now on binding is somebody's wish. */
  started = false;

  /** `userFrames`: where the pages of programs are, if they are real programs. */
  constructor(
    readonly options: MachineOptions,
    userFrames: FrameBytes | null = null,
  ) {
    this.topology = new PciTopology({
      ...options.cmdline.pci,
      acsRequested: options.iommu !== null && requestsAcs(options.cmdline, options.iommu.vendor),
      // What cannot be seen on the bus: `machine` says that there is such an IOMMU.
      ivrs: options.iommu?.vendor === 'amd' ? true : null,
    });
    this.memory.shouldFail = () => this.scheduler.fail.hit('alloc_pages');
    this.core = new IommuCore(this.trace, options.kernel, this.scheduler.fail);
    // Linux: mm/page_alloc.c bad_page()
    this.memory.onBadFree = (pfn) =>
      this.core.log('err', `BUG: Bad page state in process: pfn:${pfn.toString(16).padStart(5, '0')}`);
    const selftest = options.selftest ? createSelftest(this.core, this.memory) : null;
    this.iommufd = new Iommufd(this.core, {
      ...selftest?.options,
      frames: userFrames ?? this.memory,
      allowUnsafeInterrupts: options.unsafeInterrupts,
      kernelDefects: options.defects,
    });
    this.vfio = new Vfio(this.core, options.unsafeInterrupts);
  }

  /** World id of the main IOMMU; null without one, or where the kernel leaves it alone. */
  get mainUnit(): string | null {
    const { iommu } = this.options;
    return iommu === null || this.leftAlone(iommu) !== null ? null : `iommu:${VENDOR_NAMES[iommu.vendor]}`;
  }

  /** The word of the command line that keeps the kernel from using an IOMMU. */
  leftAlone(spec: GenericOptions | VendorSpec): string | null {
    return 'vendor' in spec ? (this.options.cmdline.off.get(spec.vendor) ?? null) : null;
  }

  unit(id: string): Unit | null {
    return this.units.find((each) => each.id === id) ?? null;
  }

  /** Who in a unit's scope sends DMA under a number; null: nobody. */
  requester(unit: string, rid: number): string | null {
    const fn = this.topology.functions.find((each) => each.rid === rid && this.scope.get(each.name) === unit);
    if (fn !== undefined) return fn.name;
    for (const { name, streams } of this.platform.values())
      if (streams.includes(rid) && this.scope.get(name) === unit) return name;
    return null;
  }

  /** The unit that a device's requests come to. */
  unitOf(device: Device): Unit | null {
    return this.unit(this.scope.get(device.name) ?? '');
  }

  /** Runs what nobody can be in the way of: before there are tasks that a person may have stopped. */
  run<T>(task: Task<T>): T {
    const { result } = this.scheduler.run(task, { name: 'the kernel' });
    invariant(result, 'what the kernel does by itself cannot wait');
    return result.value;
  }

  /** A process comes into being when it is first named. */
  process(name: string): ProcessMemory {
    let process = this.processes.get(name);
    if (process === undefined) {
      process = new ProcessMemory(name, this.memory);
      this.processes.set(name, process);
    }
    return process;
  }

  /** Who makes the calls of a process. */
  caller(name: string): ProcessCaller {
    let caller = this.callers.get(name);
    if (caller === undefined) {
      caller = new ProcessCaller(this.process(name), this.callers.size + 1);
      this.callers.set(name, caller);
    }
    return caller;
  }
}
