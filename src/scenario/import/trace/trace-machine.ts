import { normalizeBdf } from '../../literal';

/** Linux: enum iommu_hwpt_data_type */
const VENDORS: Readonly<Record<number, string>> = { 1: 'vtd', 2: 'smmuv3', 3: 'amd' };
/** Linux: enum iommu_hw_info_type */
const INFO_VENDORS: Readonly<Record<number, string>> = { 1: 'vtd', 2: 'smmuv3', 3: 'smmuv3', 4: 'amd' };

interface Seen {
  readonly bdf: string;
  /** As the text has it. */
  readonly group: number | null;
}

/** The smallest machine with the devices that a recording names, each in a group of its own. */
export class TraceMachine {
  /** It has the mock IOMMU of the kernel's tests. */
  selftest = false;
  private readonly devices = new Map<string, Seen>();
  private readonly platform = new Set<string>();
  private vendor: string | null = null;
  /** Tables in two stages, or dirty pages: VT-d has them in scalable mode alone. */
  private nested = false;

  /** A device that the text names; what is no PCI address is a platform device. Its name in the script. */
  add(name: string, group: number | null = null): string {
    const bdf = normalizeBdf(name);
    if (bdf === null) {
      this.platform.add(name);
      return name;
    }
    this.devices.set(bdf, { bdf, group: group ?? this.devices.get(bdf)?.group ?? null });
    return short(bdf);
  }

  has(name: string): boolean {
    const bdf = normalizeBdf(name);
    return bdf === null ? this.platform.has(name) : this.devices.has(bdf);
  }

  /** A device that no line names, at an address that nobody else has. */
  invent(): string {
    for (let bus = 1; bus < 255; bus++) {
      const bdf = `0000:${hex2(bus)}:00.0`;
      if (![...this.devices.keys()].some((each) => each.startsWith(`0000:${hex2(bus)}:`)))
        return this.add(bdf);
    }
    return this.add('0000:ff:1f.7');
  }

  /** `driver`: of the devices. Ports come before what is behind them. */
  lines(title: string, driver: string | null): readonly string[] {
    const drives = driver === null ? '' : ` driver=${driver}`;
    return [
      `machine "${title}"${this.iommuWords()}`,
      ...this.busLines(drives),
      ...[...this.platform].map(
        (name, index) =>
          `platform ${name} stream=${index + 1}${driver === null ? '' : ' driver=vfio-platform'} msi reset`,
      ),
      'boot',
    ];
  }

  /** What calls show of the IOMMU: the type of data that they hand over or get. */
  hint(type: bigint | null, isNested: boolean): void {
    const vendor = type === null ? undefined : VENDORS[Number(type)];
    if (this.vendor === null && vendor !== undefined) this.vendor = vendor;
    this.nested ||= isNested;
  }
  /** What GET_HW_INFO answers says whose it is. */
  hwInfo(type: bigint | null): void {
    const vendor = type === null ? undefined : INFO_VENDORS[Number(type)];
    if (vendor !== undefined) this.vendor = vendor;
  }

  private iommuWords(): string {
    if (this.selftest) return `${this.devices.size === 0 ? ' iommu=none' : ''} selftest`;
    const vendor = this.vendor ?? (this.platform.size > 0 && this.devices.size === 0 ? 'smmuv3' : 'vtd');
    const mode =
      this.nested && vendor === 'vtd' ? ' mode=scalable' : this.nested && vendor === 'amd' ? ' mode=v2' : '';
    return vendor === 'vtd' && mode === '' ? '' : ` iommu=${vendor}${mode}`;
  }

  private busLines(drives: string): readonly string[] {
    const buses = new Map<string, Seen[]>();
    for (const device of [...this.devices.values()].sort((a, b) => (a.bdf < b.bdf ? -1 : 1))) {
      const bus = device.bdf.slice(0, -5);
      buses.set(bus, [...(buses.get(bus) ?? []), device]);
    }
    const lines: string[] = [];
    for (const [bus, devices] of buses) {
      const [domain = '0000', number = '00'] = bus.split(':');
      const isRoot = number === '00';
      if (!isRoot) {
        lines.push(
          `pci ${short(`${domain}:00:${this.freeSlot(domain, lines)}.0`)} root-port bus=${number}-${number} acs=SV+RR+CR+UF driver=pcieport`,
        );
      }
      for (const { bdf, group } of devices) {
        const slot = bdf.slice(0, -2);
        const mf = devices.filter((each) => each.bdf.startsWith(slot)).length > 1 ? ' mf' : '';
        const told = group === null ? '' : ` group=${group}`;
        const apart = mf === '' ? '' : ' acs=SV+RR+CR+UF';
        lines.push(`pci ${short(bdf)} ${isRoot ? 'rciep' : 'endpoint'}${mf}${apart}${told}${drives}`);
      }
    }
    return lines;
  }

  /** On the root bus, for a port. */
  private freeSlot(domain: string, lines: readonly string[]): string {
    for (let slot = 1; slot < 32; slot++) {
      const name = `${domain}:00:${hex2(slot)}.`;
      const taken =
        [...this.devices.keys()].some((bdf) => bdf.startsWith(name)) ||
        lines.some((line) => line.startsWith(`pci ${short(name)}`));
      if (!taken) return hex2(slot);
    }
    return '1f';
  }
}

const hex2 = (value: number): string => value.toString(16).padStart(2, '0');
const short = (bdf: string): string => bdf.replace(/^0000:/, '');
