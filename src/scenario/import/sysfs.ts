import { formatBdf, type PciAddress } from '../../engine/pci/address';
import { parseBdf } from '../pci-line';
import {
  MOST_FUNCTIONS,
  type Facts,
  type ReservedFact,
  type SectionReader,
  type UnitFact,
  type UnitKind,
} from './facts';
import { busName } from './lspci-tree';
import { newRecord, type LspciRecord } from './record';
import type { TextLine } from './text-lines';

const BDF = '[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]';

/** `/sys/kernel/iommu_groups/7/devices/0000:00:1c.0` of find, and of ls on several. */
const IN_GROUP = new RegExp(`iommu_groups/(\\d{1,5})/devices/(${BDF}|[^\\s/:*]{1,80})`, 'gi');
/** `/sys/kernel/iommu_groups/7/devices:` heads what ls lists of it. */
const HEAD = /(?:^|\/)(?:iommu_groups\/)?(\d{1,5})\/devices\/?:$/;
/** `…/0000:01:00.0/iommu_group -> ../../../../kernel/iommu_groups/7` */
const GROUP_OF = new RegExp(`(${BDF})/iommu_group\\b.*iommu_groups/(\\d{1,5})(?:\\s|$)`, 'i');
const RESERVED =
  /iommu_groups\/(\d{1,5})\/reserved_regions:0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) (direct|direct-relaxable|reserved|msi)\s*$/i;
const UNIT_HEAD = /\/iommu\/([a-z][\w.@-]{0,60})\/devices\/?:$/i;
const OF_GROUP = /iommu_groups(?:\/(?:\d{1,5}(?:\/(?:devices|type|name|reserved_regions)?)?)?)?(?::.*)?$/;
/** `/sys/devices/pci0000:00/0000:00:1c.0/0000:01:00.0`: every bridge on the way. */
const WAY = new RegExp(`pci([0-9a-f]{4,8}):([0-9a-f]{2})((?:/${BDF})+)`, 'gi');
const UNIT_SCOPE = new RegExp(`/iommu/([a-z][\\w.@-]{0,60})/devices/(${BDF})`, 'gi');
const UNIT = /\/(?:virtual|class)?\/?iommu\/([a-z][\w.@-]{0,60})\/?@?$/i;
/** Of an IOMMU that this does not know. */
const IOMMU_CLASS = /\/class\/iommu(?:\/\S*)?$/;
/** A symbolic link as `ls -l` shows it, or a name alone. */
const LISTED = new RegExp(`(?:^|\\s)(${BDF})@?(?=\\s|$)`, 'gi');
const ONLY_NAMES = new RegExp(`^(?:${BDF}@?\\s*)+$`, 'i');
const LINK = /^l[rwx-]{9}/;
const UEVENT = /^(?:\S*uevent:)?(DRIVER|PCI_CLASS|PCI_ID|PCI_SUBSYS_ID|PCI_SLOT_NAME|MODALIAS)=(\S{1,80})$/;

/** Paths and files of /sys as find, ls, readlink, grep and cat show them. */
export class SysfsReader implements SectionReader {
  /** The group, or the IOMMU, whose devices ls lists. */
  private listed: number | UnitFact | null = null;
  private uevent = new Map<string, string>();
  private ueventLine = 0;

  constructor(private readonly facts: Facts) {}

  take(line: TextLine): boolean {
    const { text } = line;
    if (text.includes('=') && this.takeUevent(line)) return true;
    const head = HEAD.exec(text);
    if (head !== null) {
      this.listed = Number(head[1]);
      return true;
    }
    const unitHead = text.endsWith(':') || text.endsWith('/') ? UNIT_HEAD.exec(text)?.[1] : undefined;
    if (unitHead !== undefined) {
      this.listed = this.unit(unitHead, line);
      return true;
    }
    const paths = text.includes('/') && this.takePaths(line);
    if (this.listed !== null && this.takeListed(line)) return true;
    return paths;
  }

  end(): void {
    this.listed = null;
    this.uevent.clear();
  }

  private takePaths(line: TextLine): boolean {
    const { text } = line;
    let found = false;
    for (const [, domain = '', bus = '', way = ''] of text.matchAll(WAY)) {
      this.takeWay(line, domain, bus, way.split('/').slice(1));
      found = true;
    }
    if (text.includes('iommu')) {
      for (const [, group = '', name = ''] of text.matchAll(IN_GROUP)) {
        this.inGroup(line, name, Number(group));
        found = true;
      }
      for (const [, unit = '', name = ''] of text.matchAll(UNIT_SCOPE)) {
        const fact = this.unit(unit, line);
        fact?.scope.push(fullName(name));
        found ||= fact !== null;
      }
      found = this.takeIommuFile(line) || found;
    }
    return found;
  }

  private takeIommuFile(line: TextLine): boolean {
    const { text } = line;
    const groupOf = GROUP_OF.exec(text);
    if (groupOf !== null) this.inGroup(line, groupOf[1] ?? '', Number(groupOf[2]));
    const reserved = RESERVED.exec(text);
    if (reserved !== null)
      this.facts.reserve({
        start: BigInt(`0x${reserved[2] ?? ''}`),
        last: BigInt(`0x${reserved[3] ?? ''}`),
        kind: (reserved[4] ?? '').toLowerCase() as ReservedFact['kind'],
        line: line.number,
        scope: null,
        group: Number(reserved[1]),
      });
    const unit = UNIT.exec(text)?.[1];
    const known = unit === undefined ? null : this.unit(unit, line);
    return (
      groupOf !== null || reserved !== null || known !== null || OF_GROUP.test(text) || IOMMU_CLASS.test(text)
    );
  }

  private unit(name: string, { number }: TextLine): UnitFact | null {
    const kind = kindOfUnit(name);
    return kind === null ? null : this.facts.unit(kind, name, number);
  }

  /** Below `…/7/devices:`, one link or several names a line. */
  private takeListed(line: TextLine): boolean {
    const { text } = line;
    if (/^total \d+$/.test(text)) return true;
    if (LINK.test(text)) {
      const name = /\s(\S{1,80}) -> /.exec(text)?.[1];
      if (name === undefined) return false;
      this.listedOne(line, name);
      return true;
    }
    if (!ONLY_NAMES.test(text)) {
      if (line.afterBlank) this.listed = null;
      return false;
    }
    for (const [, name = ''] of text.matchAll(LISTED)) this.listedOne(line, name);
    return true;
  }

  private listedOne(line: TextLine, name: string): void {
    if (typeof this.listed === 'number') this.inGroup(line, name, this.listed);
    else this.listed?.scope.push(fullName(name));
  }

  private inGroup({ number }: TextLine, name: string, group: number): void {
    const address = parseBdf(name);
    if (address === null) {
      this.facts.platformDevice(name, group, number);
      return;
    }
    this.facts.groups.push({ name: formatBdf(address), group, line: number, source: 'sysfs' });
  }

  /** Each bridge on the way leads to the bus of what comes next. */
  private takeWay({ number }: TextLine, domain: string, bus: string, names: readonly string[]): void {
    const root = { domain: parseInt(domain, 16), bus: parseInt(bus, 16) };
    this.facts.rootBuses.add(busName(root));
    let above: LspciRecord | null = null;
    for (const name of names) {
      const address = parseBdf(name);
      if (address === null) return;
      const record = this.record(address, number);
      if (record === null) return;
      // A virtual function's directory lies beside its physical one's, not below it.
      if (above !== null && above.address.bus !== address.bus && above.address.domain === address.domain) {
        above.isBridge = true;
        above.buses ??= { secondary: address.bus, subordinate: address.bus };
      }
      above = record;
    }
  }

  private record(address: PciAddress, line: number): LspciRecord | null {
    const { sysfs } = this.facts;
    const name = formatBdf(address);
    const known = sysfs.get(name);
    if (known !== undefined) return known;
    if (sysfs.size >= MOST_FUNCTIONS) return null;
    const record = newRecord(address, line, null);
    sysfs.set(name, record);
    return record;
  }

  /** The kernel prints the driver first, the address before the last. */
  private takeUevent({ text, number }: TextLine): boolean {
    const match = UEVENT.exec(text);
    if (match === null) return false;
    const [, key = '', value = ''] = match;
    const newFile = key === 'DRIVER' || (key === 'PCI_CLASS' && !this.uevent.has('DRIVER'));
    if (newFile || number !== this.ueventLine + 1) this.uevent.clear();
    this.ueventLine = number;
    this.uevent.set(key, value);
    if (key !== 'PCI_SLOT_NAME') return true;
    const address = parseBdf(value);
    const record = address === null ? null : this.record(address, number);
    if (record !== null) fillFromUevent(record, this.uevent, number);
    this.uevent.clear();
    return true;
  }
}

/** Linux: drivers/pci/pci-driver.c pci_uevent() */
function fillFromUevent(record: LspciRecord, uevent: ReadonlyMap<string, string>, line: number): void {
  const classCode = /^[0-9a-f]{1,6}$/i.exec(uevent.get('PCI_CLASS') ?? '')?.[0];
  if (classCode !== undefined) {
    record.classCode = parseInt(classCode, 16) >> 8;
    record.interfaceCode = parseInt(classCode, 16) & 0xff;
  }
  const ids = idsOf(uevent.get('PCI_ID'));
  if (ids !== null) [record.vendorId, record.deviceId] = ids;
  const sub = idsOf(uevent.get('PCI_SUBSYS_ID'));
  if (sub !== null) record.subsystem = { vendorId: sub[0], deviceId: sub[1] };
  const driver = uevent.get('DRIVER');
  record.driver = driver !== undefined && /^[\w.-]{1,64}$/.test(driver) ? driver : null;
  record.driverLine = line;
}

function idsOf(text: string | undefined): readonly [number, number] | null {
  const match = /^([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(text ?? '');
  return match === null ? null : [parseInt(match[1] ?? '', 16), parseInt(match[2] ?? '', 16)];
}

const fullName = (name: string): string => {
  const address = parseBdf(name);
  return address === null ? name : formatBdf(address);
};

/** Linux: names given to iommu_device_sysfs_add() */
export function kindOfUnit(name: string): UnitKind | null {
  if (/^dmar\d+$/.test(name)) return 'vtd';
  if (/^ivhd\d+$/.test(name)) return 'amd';
  if (/^smmu3\./.test(name)) return 'smmuv3';
  if (/^smmu\./.test(name)) return 'smmuv2';
  if (/^riscv-iommu/.test(name)) return 'riscv';
  return /^virtio\d+$/.test(name) ? 'virtio' : null;
}
