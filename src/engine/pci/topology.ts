import { err, ok, type Result } from '../kernel/errno';
import { formatBdf, type PciAddress } from './address';
import { enableAcs } from './acs-enable';
import { applyAliasQuirks } from './alias-quirks';
import { isPcieKind } from './config-image';
import { isDownstreamPort, PciFunction } from './function';
import { isBridgeKind, type PciFunctionSpec } from './function-spec';
import { DEFAULT_PCI_KERNEL, type PciKernelOptions } from './kernel-options';
import { isP2sb, isVmd, VMD_FIRST_DOMAIN } from './known-devices';

/** Linux: struct pci_bus */
export interface PciBus {
  readonly topology: PciTopology;
  readonly domain: number;
  readonly number: number;
  /** The bridge that leads here; null for a root bus, and for the virtual bus of SR-IOV virtual functions. */
  readonly self: PciFunction | null;
  /** Null for a root bus. */
  readonly parent: PciBus | null;
  /** In the order in which they were added. */
  readonly functions: PciFunction[];
  /** The same by device number, so that nobody has to go through them all. */
  readonly slots: Map<number, PciFunction[]>;
  /** Those that are known to use other requester ids than their own, in the same order. */
  readonly aliasing: PciFunction[];
  readonly children: PciBus[];
}

/**
 * Segments, buses, bridges and functions: the machine's PCI tree, and what Linux concludes from it.
 *
 * Linux: drivers/pci/probe.c pci_scan_slot(), pci_scan_child_bus(), pci_device_add()
 */
export class PciTopology {
  /** By segment, then by number. */
  private readonly segments = new Map<number, Map<number, PciBus>>();
  private readonly byName = new Map<string, PciFunction>();
  /** By the group that the dump has them in. */
  private readonly byRecordedGroup = new Map<number, PciFunction[]>();
  private readonly vmds = new Set<PciFunction>();
  private readonly amdIommus = new Set<PciFunction>();

  kernel: PciKernelOptions;

  constructor(kernel: Partial<PciKernelOptions> = {}) {
    this.kernel = { ...DEFAULT_PCI_KERNEL, ...kernel };
  }

  /** One more IOMMU is on: functions that come from now on get their ACS turned on. Linux: pci_request_acs() */
  requestAcs(): void {
    this.kernel = { ...this.kernel, acsRequested: true };
  }

  /** In the order in which they were added. */
  get functions(): readonly PciFunction[] {
    return [...this.byName.values()];
  }

  find(address: PciAddress): PciFunction | null {
    return this.byName.get(formatBdf(address)) ?? null;
  }

  /** The bridge that leads to the bus of `address`; null on a root bus, and where no such bus is. */
  bridgeTo(address: PciAddress): PciFunction | null {
    return this.busAt(address.domain, address.bus)?.self ?? null;
  }

  /** Functions that the dump has in a group, in the order in which they were added. */
  recordedIn(group: number): readonly PciFunction[] {
    return this.byRecordedGroup.get(group) ?? [];
  }

  /** `name` as Linux writes it: `0000:01:00.0` */
  findByName(name: string): PciFunction | null {
    return this.byName.get(name) ?? null;
  }

  /**
   * Puts a function where its address says and lets Linux find it; bridges come before what is behind them. The caller
   * has its group decided (for a cold boot: after all functions are there) and ends with finishSlotScan().
   */
  addFunction(spec: PciFunctionSpec): Result<PciFunction> {
    const name = formatBdf(spec.address);
    if (this.byName.has(name)) return err('EEXIST', `${name} is there already`, { culprit: `dev:${name}` });
    const sound = this.checkSpec(spec, name);
    if (!sound.ok) return sound;
    const bus = this.busFor(spec, name);
    if (!bus.ok) return bus;

    const fn = new PciFunction(spec, bus.value);
    bus.value.functions.push(fn);
    const slot = bus.value.slots.get(fn.slot);
    if (slot === undefined) bus.value.slots.set(fn.slot, [fn]);
    else slot.push(fn);
    this.byName.set(name, fn);
    const recorded = recordedGroupOf(fn);
    if (recorded !== null) {
      const members = this.byRecordedGroup.get(recorded);
      if (members === undefined) this.byRecordedGroup.set(recorded, [fn]);
      else members.push(fn);
    }
    if (isVmd(fn)) this.vmds.add(fn);
    if (isAmdIommu(fn)) this.amdIommus.add(fn);
    applyAliasQuirks(fn);
    if (fn.dmaAliasMask !== null) bus.value.aliasing.push(fn);
    enableAcs(fn);
    if (spec.buses !== null)
      fn.subordinate = this.addBus(spec.address.domain, spec.buses.secondary, fn, bus.value);
    return ok(fn);
  }

  /**
   * A function above 0 that was found while scanning a slot counts as part of a multifunction device, whatever its own
   * header says. On hot-add that happens only after its group was decided.
   */
  finishSlotScan(fn: PciFunction): void {
    if (this.foundAboveFunction0(fn)) fn.multifunction = true;
  }

  /**
   * The order in which Linux finds functions at boot: a whole bus, then what is behind each of its bridges. Late come
   * the function that a driver probes by itself, and the virtual functions, which a driver asks for.
   */
  scanOrder(): readonly PciFunction[] {
    const found: PciFunction[] = [];
    const probed: PciFunction[] = [];
    const virtual: PciFunction[] = [];
    const scan = (bus: PciBus): void => {
      const here = bus.functions.toSorted((a, b) => a.address.devfn - b.address.devfn);
      for (const fn of here) (fn.isVirtual ? virtual : isP2sb(fn) ? probed : found).push(fn);
      for (const fn of here) if (fn.subordinate !== null) scan(fn.subordinate);
      for (const child of bus.children) if (child.self === null) scan(child);
    };
    const roots = [...this.segments.values()].flatMap((buses) =>
      [...buses.values()].filter((bus) => bus.parent === null),
    );
    for (const root of roots.toSorted((a, b) => a.domain - b.domain || a.number - b.number)) scan(root);
    return [...found, ...probed, ...virtual];
  }

  /**
   * Takes a function out with everything behind it; gives what went, deepest first. Its virtual functions go along, unless
   * they are to outlive it: it is the driver that takes them away.
   */
  removeFunction(fn: PciFunction, virtual: 'too' | 'stay' = 'too'): readonly PciFunction[] {
    const removed: PciFunction[] = [];
    const { subordinate } = fn;
    if (subordinate !== null) {
      // Virtual functions of what is there may be on buses that nothing leads to.
      for (const bus of [...subordinate.children.filter(({ self }) => self === null), subordinate])
        for (const below of bus.functions.toReversed())
          if (this.byName.has(below.name)) removed.push(...this.removeFunction(below));
      this.dropBus(subordinate);
      fn.subordinate = null;
    }
    if (virtual === 'too')
      for (const other of this.virtualFunctionsOf(fn)) removed.push(...this.removeFunction(other));
    take(fn.bus.functions, fn);
    take(fn.bus.slots.get(fn.slot) ?? [], fn);
    take(fn.bus.aliasing, fn);
    if (fn.bus.functions.length === 0 && fn.bus.children.length === 0 && fn.bus.self === null)
      this.dropBus(fn.bus);
    this.byName.delete(fn.name);
    take(this.byRecordedGroup.get(recordedGroupOf(fn) ?? -1) ?? [], fn);
    this.vmds.delete(fn);
    this.amdIommus.delete(fn);
    removed.push(fn);
    return removed;
  }

  /** Of a physical function, in the order in which they were added. */
  virtualFunctionsOf(fn: PciFunction): readonly PciFunction[] {
    return this.functions.filter(
      ({ spec: { virtualOf } }) => virtualOf !== null && formatBdf(virtualOf) === fn.name,
    );
  }

  /** The firmware has an IVRS table where the machine has an AMD IOMMU, which shows as a function of its own. */
  hasIvrs(): boolean {
    return this.kernel.ivrs ?? this.amdIommus.size > 0;
  }

  /**
   * Whose requester id `fn` really uses: behind a VMD, the VMD's. Each VMD makes a segment of its own from 10000 on.
   * Linux: arch/x86/pci/common.c pci_real_dma_dev()
   */
  realDmaDevice(fn: PciFunction): PciFunction {
    if (fn.address.domain < VMD_FIRST_DOMAIN) return fn;
    const vmds = [...this.vmds];
    return vmds[fn.address.domain - VMD_FIRST_DOMAIN] ?? vmds[0] ?? fn;
  }

  private checkSpec(spec: PciFunctionSpec, name: string): Result<undefined> {
    if (spec.acs !== null && !isPcieKind(spec.kind))
      return err('EINVAL', `${name} is conventional PCI, which has no room for an ACS capability`);
    if (spec.buses !== null) {
      const { secondary, subordinate } = spec.buses;
      if (!isBridgeKind(spec.kind))
        return err('EINVAL', `${name} is no bridge: it cannot have buses behind it`);
      if (secondary > subordinate)
        return err('EINVAL', `${name}: buses run from the lower to the higher number`);
      const taken = this.busAt(spec.address.domain, secondary);
      const there = busName(spec.address.domain, secondary);
      if (taken !== undefined)
        return err(
          'EEXIST',
          taken.self === null
            ? `bus ${there} has functions already: the bridge to it must come first`
            : `bus ${there} is behind ${taken.self.name} already`,
          taken.self === null ? {} : { culprit: `dev:${taken.self.name}` },
        );
      if (secondary === spec.address.bus) return err('EINVAL', `${name} cannot lead to the bus it is on`);
    }
    if (spec.virtualOf !== null && this.find(spec.virtualOf) === null)
      return err('ENODEV', `${name}: its physical function ${formatBdf(spec.virtualOf)} is not there`);
    return ok(undefined);
  }

  /** The bus that `spec` goes on: there already, a new root bus, or a virtual bus for virtual functions. */
  private busFor(spec: PciFunctionSpec, name: string): Result<PciBus> {
    const { domain, bus: number } = spec.address;
    const known = this.busAt(domain, number);
    if (known !== undefined) return ok(known);
    const physical = spec.virtualOf === null ? null : this.find(spec.virtualOf);
    if (physical !== null) return ok(this.addBus(domain, number, null, physical.bus));
    const above = this.bridgeOver(domain, number);
    if (above !== null)
      return err(
        'ENXIO',
        `${name}: bus ${busName(domain, number)} is in the range of ${above.name}, but no bridge leads to it`,
        {
          culprit: `dev:${above.name}`,
        },
      );
    return ok(this.addBus(domain, number, null, null));
  }

  private addBus(domain: number, number: number, self: PciFunction | null, parent: PciBus | null): PciBus {
    const bus: PciBus = {
      topology: this,
      domain,
      number,
      self,
      parent,
      functions: [],
      slots: new Map(),
      aliasing: [],
      children: [],
    };
    const segment = this.segments.get(domain) ?? new Map<number, PciBus>();
    this.segments.set(domain, segment.set(number, bus));
    parent?.children.push(bus);
    return bus;
  }

  private dropBus(bus: PciBus): void {
    this.segments.get(bus.domain)?.delete(bus.number);
    const siblings = bus.parent?.children;
    siblings?.splice(siblings.indexOf(bus), 1);
  }

  private busAt(domain: number, number: number): PciBus | undefined {
    return this.segments.get(domain)?.get(number);
  }

  /** A bridge whose range of buses holds `number`. */
  private bridgeOver(domain: number, number: number): PciFunction | null {
    for (const { self } of this.segments.get(domain)?.values() ?? []) {
      const range = self?.spec.buses;
      if (range && number >= range.secondary && number <= range.subordinate) return self;
    }
    return null;
  }

  /** Linux: probe.c pci_scan_slot(), next_fn(), only_one_child() */
  private foundAboveFunction0(fn: PciFunction): boolean {
    if (fn.isVirtual || isP2sb(fn)) return false;
    // Below a downstream port there is one device: with ARI its function numbers run on through the slots.
    const oneChild = !this.kernel.scanAll && fn.bus.self !== null && isDownstreamPort(fn.bus.self);
    const first = oneChild ? 0 : fn.address.devfn & ~7;
    if (fn.address.devfn === first) return false;
    const function0 = this.find({ ...fn.address, devfn: first });
    // Without function 0 the kernel would have found nothing: the text shows less than the machine has.
    return function0 === null || function0.multifunction;
  }
}

const recordedGroupOf = ({ spec }: PciFunction): number | null =>
  typeof spec.recordedGroup === 'number' ? spec.recordedGroup : null;

function take<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

const busName = (domain: number, number: number): string =>
  `${domain.toString(16).padStart(4, '0')}:${number.toString(16).padStart(2, '0')}`;

/** Class 0806 of AMD or ATI. */
export const isAmdIommu = (fn: PciFunction): boolean =>
  fn.classCode >> 8 === 0x0806 && (fn.vendorId === 0x1022 || fn.vendorId === 0x1002);
