import { formatBdf, functionOf, slotOf } from '../../../engine/pci/address';
import { isBridgeKind, type PciFunctionSpec, type PciKind } from '../../../engine/pci/function-spec';

/** A machine as other programs show it, written after their sources: for texts that hold several of them. */

const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0');
const byAddress = (a: PciFunctionSpec, b: PciFunctionSpec): number =>
  a.address.domain - b.address.domain || a.address.bus - b.address.bus || a.address.devfn - b.address.devfn;

/** `lspci -t`. Format: pciutils ls-tree.c */
export function renderTree(specs: readonly PciFunctionSpec[]): string {
  const buses = new Map<string, PciFunctionSpec[]>();
  const behind = new Set<string>();
  for (const spec of specs.toSorted(byAddress)) {
    const { domain, bus } = spec.address;
    buses.set(`${domain}:${bus}`, [...(buses.get(`${domain}:${bus}`) ?? []), spec]);
    if (spec.buses !== null) behind.add(`${domain}:${spec.buses.secondary}`);
  }
  const roots = [...buses.keys()].filter((key) => !behind.has(key)).map((key) => key.split(':').map(Number));
  const out: string[] = [];
  let line = '';
  const print = (): void => {
    out.push(line);
    line = line.replace(/[^+|]/g, ' ').replace(/\+/g, '|');
  };
  const bus = (domain: number, number: number): void => {
    const here = buses.get(`${domain}:${number}`) ?? [];
    if (here.length === 0) return print();
    const start = line;
    here.forEach((spec, index) => {
      const prefix = index === 0 ? start : line.slice(0, start.length);
      line = prefix + (here.length === 1 ? '--' : index === here.length - 1 ? '\\-' : '+-');
      device(spec);
    });
  };
  const device = (spec: PciFunctionSpec): void => {
    line += `${hex(slotOf(spec.address.devfn))}.${functionOf(spec.address.devfn)}`;
    if (spec.buses === null) return print();
    const { secondary, subordinate } = spec.buses;
    line +=
      secondary === subordinate ? `-[${hex(secondary)}]--` : `-[${hex(secondary)}-${hex(subordinate)}]--`;
    bus(spec.address.domain, secondary);
  };
  line = '-';
  roots.forEach(([domain = 0, number = 0], index) => {
    const start = index === 0 ? '-' : ' ';
    line = roots.length === 1 ? '-' : start + (index === roots.length - 1 ? '\\-' : '+-');
    line += `[${hex(domain, 4)}:${hex(number)}]-`;
    bus(domain, number);
  });
  return `${out.join('\n')}\n`;
}

/** Linux: drivers/pci/probe.c pci_type_str() */
const TYPES: Readonly<Record<PciKind, string>> = {
  'root-port': 'PCIe Root Port',
  'upstream-port': 'PCIe Switch Upstream Port',
  'downstream-port': 'PCIe Switch Downstream Port',
  'pcie-to-pci': 'PCIe to PCI/PCI-X bridge',
  'pci-to-pcie': 'PCI/PCI-X to PCIe bridge',
  endpoint: 'PCIe Endpoint',
  'legacy-endpoint': 'PCIe Legacy Endpoint',
  rciep: 'PCIe Root Complex Integrated Endpoint',
  rcec: 'PCIe Root Complex Event Collector',
  'pci-bridge': 'conventional PCI bridge',
  pci: 'conventional PCI endpoint',
};

/** What the kernel logs while it finds and groups them. Linux: pci_setup_device(), iommu_group_add_device() */
export function renderLog(
  specs: readonly PciFunctionSpec[],
  groups: Readonly<Record<string, string[]>>,
): string {
  const messages: string[] = ['PCI host bridge to bus 0000:00'];
  for (const spec of specs) {
    if (spec.virtualOf !== null) continue;
    const name = formatBdf(spec.address);
    const type = isBridgeKind(spec.kind) ? '01' : '00';
    messages.push(
      `pci ${name}: [${hex(spec.vendorId, 4)}:${hex(spec.deviceId, 4)}] type ${type} class 0x${hex(spec.classCode, 6)} ${TYPES[spec.kind]}`,
    );
    if (spec.buses !== null) {
      const { secondary, subordinate } = spec.buses;
      const range = secondary === subordinate ? hex(secondary) : `${hex(secondary)}-${hex(subordinate)}`;
      messages.push(
        `pci ${name}: PCI bridge to [bus ${range}]`,
        `pci ${name}:   bridge window [io  0x1000-0x1fff]`,
      );
    }
  }
  for (const [number, names] of Object.entries(groups))
    for (const name of names) messages.push(`pci ${name}: Adding to iommu group ${number}`);
  return messages.map((message, index) => `[    ${(index / 1000).toFixed(6)}] ${message}\n`).join('');
}

/** `find /sys/kernel/iommu_groups -type l` */
export const renderFind = (groups: Readonly<Record<string, string[]>>): string =>
  Object.entries(groups)
    .flatMap(([number, names]) => names.map((name) => `/sys/kernel/iommu_groups/${number}/devices/${name}\n`))
    .join('');

/** The script of the Arch wiki. */
export function renderGroupList(
  specs: readonly PciFunctionSpec[],
  groups: Readonly<Record<string, string[]>>,
): string {
  const titles = new Map(
    specs.map((spec) => {
      const { domain, bus, devfn } = spec.address;
      const place = `${domain === 0 ? '' : `${hex(domain, 4)}:`}${hex(bus)}:${hex(slotOf(devfn))}.${functionOf(devfn)}`;
      const ids = `${hex(spec.vendorId, 4)}:${hex(spec.deviceId, 4)}`;
      const revision = spec.revision === 0 ? '' : ` (rev ${hex(spec.revision)})`;
      return [
        formatBdf(spec.address),
        `\t${place} Class [${hex(spec.classCode >> 8, 4)}]: ${spec.label ?? 'Device'} [${ids}]${revision}\n`,
      ];
    }),
  );
  return Object.entries(groups)
    .map(
      ([number, names]) => `IOMMU Group ${number}:\n${names.map((name) => titles.get(name) ?? '').join('')}`,
    )
    .join('');
}
