import { hex } from '../../../lib/u64';
import { formatBdf, shortBdf } from '../common/bdf';
import { decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import { eventName, reasonOf } from './reasons';

/**
 * Log entries taken apart, and the kernel's lines for them.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, sections 2.5 and 2.6
 * Linux: drivers/iommu/amd/iommu.c iommu_print_event(), amd_iommu_report_page_fault()
 */
const whole = (value: bigint): string => hex(value);
const device = (value: bigint): string => `device ${shortBdf(Number(value))}`;
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;

const DEVICE = defineField('DeviceID', 15, 0, device);
const PASID_HI = defineField('PASID[19:16]', 19, 16, number('bits'));
const PASID_LO = defineField('PASID[15:0]', 47, 32, number('bits'));
const ADDRESS = defineField('Address', 127, 64, whole);
const GN = flag('GN', 48, 'an address of a process', 'an address of the host');
const US = flag('US', 50, 'user mode', 'supervisor mode');
const I = flag('I', 51, 'an interrupt', 'a memory request');
const RW = flag('RW', 53, 'a write', 'a read');
const RZ = flag('RZ', 55, 'a reserved bit is set', 'no reserved bit is set');
const TR = flag('TR', 56, 'a translation request', 'a transaction');
const TYPE = defineField(
  'Type',
  58,
  57,
  (value) => ['reserved', 'master abort', 'target abort', 'data error'][Number(value)] ?? '',
);

const FIELDS: Readonly<Record<number, readonly FieldRow[]>> = {
  1: [DEVICE, PASID_HI, PASID_LO, GN, I, RW, RZ, TR, ADDRESS],
  2: [
    DEVICE,
    PASID_HI,
    defineField('DomainID/PASID', 47, 32, number('domain, or PASID with GN:')),
    GN,
    flag('NX', 49, 'execution asked for where none is allowed', 'not about execution'),
    US,
    I,
    flag('PR', 52, 'the entry is present', 'the entry is not present'),
    RW,
    flag('PE', 54, 'permission denied', 'not about permissions'),
    RZ,
    TR,
    ADDRESS,
  ],
  3: [DEVICE, I, RW, TR, TYPE, ADDRESS],
  4: [
    DEVICE,
    PASID_HI,
    defineField('DomainID/PASID', 47, 32, number('domain, or PASID with GN:')),
    GN,
    I,
    RW,
    TR,
    TYPE,
    ADDRESS,
  ],
  5: [ADDRESS],
  6: [TYPE, ADDRESS],
  7: [DEVICE, ADDRESS],
  8: [DEVICE, PASID_HI, PASID_LO, GN, TR, defineField('Type', 59, 57, number('type')), ADDRESS],
  9: [
    DEVICE,
    defineField('PASID[15:0]', 31, 16, number('bits')),
    defineField('Tag', 41, 32, number('tag')),
    defineField('PASID[19:16]', 45, 42, number('bits')),
    ADDRESS,
  ],
};

export function decodeEvent(words: readonly bigint[]): readonly Field[] {
  const code = Number(((words[0] ?? 0n) >> 60n) & 0xfn);
  const name = defineField('EventCode', 63, 60, () => eventName(code));
  return decode(words, [name, ...(FIELDS[code] ?? [])]);
}

const PPR: readonly FieldRow[] = [
  defineField('PPRCode', 63, 60, (value) => (value === 1n ? 'PAGE_SERVICE_REQUEST' : 'reserved')),
  DEVICE,
  defineField('PASID[15:0]', 31, 16, number('bits')),
  defineField('PRGIndex', 40, 32, number('group')),
  flag('LPIG', 41, 'the last of its group', 'more of its group follow'),
  defineField('PASID[19:16]', 45, 42, number('bits')),
  flag('X', 49, 'execution asked for', 'no execution asked for'),
  flag('R', 50, 'reading asked for', 'no reading asked for'),
  flag('W', 53, 'writing asked for', 'no writing asked for'),
  flag('US', 54, 'user mode', 'supervisor mode'),
  flag('RZ', 55, 'a reserved bit was set', 'well formed'),
  flag('GN', 56, 'with a PASID', 'without a PASID'),
  ADDRESS,
];

export const decodePpr = (words: readonly bigint[]): readonly Field[] => decode(words, PPR);

/** What an event is about, whatever its code. */
export interface EventParts {
  readonly code: number;
  readonly name: string;
  readonly rid: number;
  /** The domain id, or the PASID with GN. */
  readonly tag: number;
  readonly flags: number;
  readonly reason: number;
  readonly address: bigint;
}

export function eventParts(words: readonly bigint[]): EventParts {
  const [low = 0n, address = 0n] = words;
  const code = Number((low >> 60n) & 0xfn);
  const flags = Number((low >> 48n) & 0xfffn);
  return {
    code,
    name: eventName(code),
    rid: Number(low & 0xffffn),
    tag: Number((low & 0xf_0000n) | ((low >> 32n) & 0xffffn)),
    flags,
    reason: reasonOf(code, flags),
    address,
  };
}

export interface LineOptions {
  readonly segment: number;
  /** How the kernel names the unit; default `ivhd0`. */
  readonly ivhd?: string;
  /** The driver that the device is bound to, `pci` for none; absent: the kernel does not know the device. */
  readonly driver?: string;
}

const padded = (value: number | bigint, digits: number): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;

/** What the kernel prints for an event. */
export function eventLine(words: readonly bigint[], options: LineOptions): string {
  const { code, name, rid, tag, flags, address } = eventParts(words);
  const bdf = formatBdf(options.segment, rid);
  const at = `address=${hex(address)}`;
  const marks = `flags=${padded(flags, 4)}`;
  const unit = `iommu ${options.ivhd ?? 'ivhd0'}: AMD-Vi: Event logged`;
  switch (code) {
    case 1:
    case 8:
      return `${unit} [${name} device=${bdf} pasid=${padded(tag, 5)} ${at} ${marks}]`;
    case 2: {
      // The kernel takes 16 bits of it, whatever GN says.
      const domain = `domain=${padded(tag & 0xffff, 4)}`;
      return options.driver === undefined
        ? `AMD-Vi: Event logged [${name} device=${bdf} ${domain} ${at} ${marks}]`
        : `${options.driver} ${bdf}: AMD-Vi: Event logged [${name} ${domain} ${at} ${marks}]`;
    }
    case 3:
      return `${unit} [${name} device=${bdf} ${at} ${marks}]`;
    case 4:
      return `${unit} [${name} device=${bdf} pasid=${padded(tag, 4)} ${at} ${marks}]`;
    case 5:
      return `${unit} [${name} ${at}]`;
    case 6:
      return `${unit} [${name} ${at} ${marks}]`;
    case 7:
      return `${unit} [${name} device=${bdf} ${at}]`;
    case 9: {
      const low = words[0] ?? 0n;
      const pasid = Number((((low >> 42n) & 0xfn) << 16n) | ((low >> 16n) & 0xffffn));
      const group = `tag=${padded((low >> 32n) & 0x3ffn, 3)}`;
      return `${unit} [${name} device=${bdf} pasid=${padded(pasid, 5)} ${at} ${marks} ${group}]`;
    }
    default: {
      const dword = (n: number): string =>
        padded(((words[n >> 1] ?? 0n) >> BigInt(32 * (n & 1))) & 0xffff_ffffn, 8);
      const all = [0, 1, 2, 3].map((n) => `event[${n}]=${dword(n)}`).join(' ');
      // The kernel's own line has no closing bracket.
      return `${unit} [UNKNOWN ${all}`;
    }
  }
}
