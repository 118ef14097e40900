import { formatBdf } from '../../engine/pci/address';
import type { PciKind } from '../../engine/pci/function-spec';
import { parseBdf } from '../pci-line';
import { MOST_FUNCTIONS, type Facts } from './facts';
import { addBar } from './memory-bar';
import { newRecord, type LspciRecord } from './record';

const DEVICE_LINE = /^(?:([\w.,-]{1,64}) )?([0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]): (.*)$/i;
/** `[8086:a114] type 01 class 0x060400 PCIe Root Port`; before 6.9 without the port type, before 2.6.37 without the interface. */
const FOUND = /^\[([0-9a-f]{4}):([0-9a-f]{4})\] type (\d{1,2}) class (0x[0-9a-f]{6})(?: (.{1,60}))?$/i;
const FOUND_OLD = /^found \[([0-9a-f]{4}):([0-9a-f]{4})\] class ([0-9a-f]{6}) header type (\d{2})$/i;
const BRIDGE = /^PCI bridge to \[bus ([0-9a-f]{2})(?:-([0-9a-f]{2}))?\]/i;
const MEMORY =
  /^(?:reg (0x[0-9a-f]{2,3})|BAR (\d)):? (?:assigned )?\[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})((?: [a-z0-9]+)*)\](?:: assigned)?$/i;
const JOINS = /^Adding to iommu group (\d{1,5})$/;
const LEAVES = /^Removing from iommu group (\d{1,5})$/;
const OLD_JOINS = /^iommu: Adding device ([0-9a-f:.]+) to group (\d{1,5})$/i;
const HOST_BRIDGE = /^PCI host bridge to bus ([0-9a-f]{4,8}:[0-9a-f]{2})$/i;
const PLATFORM = /^(?:[\w.,-]{1,60} )?([\w.@:-]{1,60}): Adding to iommu group (\d{1,5})$/;
const NEITHER_BUS_NOR_DRIVER = new Set(['pci', 'pci_bus', 'PCI', 'iommu', 'DMAR', 'AMD-Vi', 'nouveau']);

/** Without blanks, of which a broken line may have one too many. Linux: drivers/pci/probe.c pci_type_str() */
const TYPES: Readonly<Record<string, PciKind>> = {
  PCIeEndpoint: 'endpoint',
  PCIeLegacyEndpoint: 'legacy-endpoint',
  PCIeRootPort: 'root-port',
  PCIeSwitchUpstreamPort: 'upstream-port',
  PCIeSwitchDownstreamPort: 'downstream-port',
  'PCIetoPCI/PCI-Xbridge': 'pcie-to-pci',
  'PCI/PCI-XtoPCIebridge': 'pci-to-pcie',
  PCIeRootComplexIntegratedEndpoint: 'rciep',
  PCIeRootComplexEventCollector: 'rcec',
};
const CONVENTIONAL: Readonly<Record<string, boolean>> = {
  conventionalPCIendpoint: false,
  conventionalPCI: false,
  conventionalPCIbridge: true,
  CardBusbridge: true,
};

/**
 * What a kernel says while it enumerates PCI, and when it puts functions into groups. What comes later overrules.
 *
 * Linux: drivers/pci/probe.c pci_setup_device(), pci_read_bases(), pci_read_bridge_bases(); setup-res.c
 * pci_assign_resource(); drivers/iommu/iommu.c iommu_group_add_device()
 */
export class KernelPciReader {
  constructor(private readonly facts: Facts) {}

  read(text: string, line: number): boolean {
    const match = DEVICE_LINE.exec(text);
    if (match === null) return this.readOther(text, line);
    const [, prefix = '', name = '', message = ''] = match;
    const address = parseBdf(name);
    if (address === null) return false;
    return this.readDevice(formatBdf(address), prefix, message, line);
  }

  private readDevice(name: string, prefix: string, message: string, line: number): boolean {
    if (message.startsWith('AMD-Vi: ')) return false; // about the unit, not about PCI
    const joins = JOINS.exec(message);
    if (joins !== null) return this.group(name, Number(joins[1]), line);
    if (LEAVES.test(message)) return this.group(name, null, line);
    if (this.found(name, message, line)) return true;
    const record = this.facts.kernel.get(name);
    // Another driver may have taken it over since.
    if (record !== undefined && !NEITHER_BUS_NOR_DRIVER.has(prefix) && prefix !== '') {
      record.driver = prefix;
      record.driverLine = line;
    }
    if (record === undefined) return true;
    const bridge = BRIDGE.exec(message);
    if (bridge !== null) {
      const secondary = parseInt(bridge[1] ?? '', 16);
      const subordinate = bridge[2] === undefined ? secondary : parseInt(bridge[2], 16);
      if (secondary !== 0 && subordinate >= secondary) record.buses = { secondary, subordinate };
      return true;
    }
    const memory = MEMORY.exec(message);
    if (memory !== null) readBar(record, memory);
    return true;
  }

  private found(name: string, message: string, line: number): boolean {
    const { kernel } = this.facts;
    const now = FOUND.exec(message);
    const old = now === null ? FOUND_OLD.exec(message) : null;
    const match = now ?? old;
    const address = parseBdf(name);
    if (match === null || address === null) return false;
    if (kernel.size >= MOST_FUNCTIONS && !kernel.has(name)) return true;
    const record = newRecord(address, line, null);
    record.vendorId = parseInt(match[1] ?? '', 16);
    record.deviceId = parseInt(match[2] ?? '', 16);
    const [classText = '', header = ''] = now === null ? [match[3], match[4]] : [match[4], match[3]];
    const classCode = parseInt(classText.replace(/^0x/i, ''), 16);
    // Kernels that print the header type with one digit print no interface either.
    const withInterface = now !== null && header.length === 2;
    record.classCode = withInterface ? classCode >> 8 : classCode & 0xffff;
    record.interfaceCode = withInterface ? classCode & 0xff : 0;
    record.isBridge = Number(header) === 1 || Number(header) === 2;
    takeType(record, (match[5] ?? '').replaceAll(' ', ''));
    kernel.set(name, record);
    return true;
  }

  private group(name: string, group: number | null, line: number): true {
    this.facts.groups.push({ name, group, line, source: 'kernel-log' });
    return true;
  }

  private readOther(text: string, line: number): boolean {
    const host = HOST_BRIDGE.exec(text);
    if (host !== null) {
      this.facts.rootBuses.add((host[1] ?? '').toLowerCase());
      return true;
    }
    const old = OLD_JOINS.exec(text);
    const address = old === null ? null : parseBdf(old[1] ?? '');
    if (old !== null && address !== null) return this.group(formatBdf(address), Number(old[2]), line);
    const platform = PLATFORM.exec(text);
    if (platform !== null) {
      const [, name = '', group = ''] = platform;
      this.facts.platformDevice(name, Number(group), line);
      return true;
    }
    return /^(?:pci_bus [0-9a-f:]+|pci|PCI): /i.test(text);
  }
}

function takeType(record: LspciRecord, words: string): void {
  const kind = Object.hasOwn(TYPES, words) ? TYPES[words] : undefined;
  if (kind !== undefined) record.express = kind;
  else if (Object.hasOwn(CONVENTIONAL, words)) {
    record.conventional = true;
    record.isBridge = CONVENTIONAL[words] === true;
  }
}

/** A region that is assigned anew replaces what the firmware had chosen for it. */
function readBar(record: LspciRecord, match: RegExpExecArray): void {
  const [, register, number, first = '', last = '', flags = ''] = match;
  const index = register === undefined ? Number(number) : (parseInt(register, 16) - 0x10) >> 2;
  const start = BigInt(`0x${first}`);
  const bytes = BigInt(`0x${last}`) - start + 1n;
  if (index < 0 || index > 5) return; // a ROM, or of virtual functions
  const known = barIndexes.get(record) ?? new Map<number, bigint>();
  const before = known.get(index);
  if (before !== undefined) record.bars = record.bars.filter((bar) => bar.start !== before);
  barIndexes.set(record, known.set(index, start));
  addBar(record, start, bytes, / pref\b/.test(flags));
}

/** Where each base address register of a record points. */
const barIndexes = new WeakMap<LspciRecord, Map<number, bigint>>();
