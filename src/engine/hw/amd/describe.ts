import { hex } from '../../../lib/u64';
import { shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import type { AddressField } from '../common/view';

/**
 * AMD-Vi's entries and commands taken apart for people.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, sections 2.2 and 2.4
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const device = (value: bigint): string => `device ${shortBdf(Number(value))}`;
const oneOf =
  (...texts: readonly string[]) =>
  (value: bigint): string =>
    texts[Number(value)] ?? 'reserved';

const MODE = oneOf(
  'no host table: addresses pass',
  '1 level, 21 bits',
  '2 levels, 30 bits',
  '3 levels, 39 bits',
  '4 levels, 48 bits',
  '5 levels, 57 bits',
  '6 levels, 64 bits',
);

const DTE: readonly FieldRow[] = [
  flag('V', 0, 'bits 127:1 are valid', 'requests pass untranslated'),
  flag('TV', 1, 'translation is set up', 'no translation: requests that need one are aborted'),
  defineField(
    'HAD',
    8,
    7,
    oneOf('no accessed or dirty bits', 'accessed bits', 'reserved', 'accessed and dirty bits'),
  ),
  defineField('Mode', 11, 9, MODE),
  defineField('HostPTRootPtr', 51, 12, address(12n, 'host table at')),
  flag('PPR', 52, 'page requests allowed', 'page requests not allowed'),
  flag('GPRP', 53, 'page responses carry the PASID', 'page responses carry no PASID'),
  flag('GIoV', 54, 'requests without a PASID use PASID 0', 'requests without a PASID use the host table'),
  flag('GV', 55, 'guest tables in use', 'no guest tables'),
  defineField(
    'GLX',
    57,
    56,
    oneOf('GCR3 table of 1 level', 'GCR3 table of 2 levels', 'GCR3 table of 3 levels'),
  ),
  defineField('GCR3TRP[14:12]', 60, 58, address(12n, 'bits')),
  flag('IR', 61, 'reads allowed', 'reads not allowed'),
  flag('IW', 62, 'writes allowed', 'writes not allowed'),
  defineField('DomainID', 79, 64, number('domain')),
  defineField('GCR3TRP[30:15]', 95, 80, address(15n, 'bits')),
  flag('I', 96, 'the device may have translations of its own', 'no ATS'),
  flag('SE', 97, 'only the first page fault is logged', 'SE does not silence'),
  flag('SA', 98, 'page faults are not logged', 'page faults are logged'),
  defineField('IoCtl', 100, 99, oneOf('port I/O aborted', 'port I/O passes', 'port I/O translated')),
  flag('Cache', 101, 'the device may cache translations', 'no caching hint'),
  flag('SD', 102, 'coherent by the device', 'snooping forced for ATS'),
  flag('EX', 103, 'the exclusion range applies', 'the exclusion range does not apply'),
  defineField(
    'SysMgt',
    105,
    104,
    oneOf('system messages aborted', 'all pass', 'INTx alone passes', 'translated'),
  ),
  flag('SATS', 106, 'secure ATS', 'ordinary ATS'),
  defineField('GCR3TRP[51:31]', 127, 107, address(31n, 'bits')),
  flag('IV', 128, 'interrupts as set up here', 'interrupts pass'),
  defineField('IntTabLen', 132, 129, (value) => (value < 12n ? `${1n << value} interrupts` : 'reserved')),
  flag('IG', 133, 'unmapped interrupts are not logged', 'unmapped interrupts are logged'),
  defineField('IntTabPtr', 179, 134, address(6n, 'interrupt table at')),
  defineField('GuestPagingMode', 183, 182, oneOf('guest tables of 4 levels', 'guest tables of 5 levels')),
  flag('InitPass', 184, 'INIT passes', 'INIT is aborted'),
  flag('EIntPass', 185, 'ExtInt passes', 'ExtInt is aborted'),
  flag('NMIPass', 186, 'NMI passes', 'NMI is aborted'),
  flag('HPTMode', 187, 'host table mode hint', 'no host table mode hint'),
  defineField(
    'IntCtl',
    189,
    188,
    oneOf('fixed interrupts aborted', 'fixed interrupts pass', 'fixed interrupts remapped'),
  ),
  flag('Lint0Pass', 190, 'LINT0 passes', 'LINT0 is aborted'),
  flag('Lint1Pass', 191, 'LINT1 passes', 'LINT1 is aborted'),
];

export const decodeDte = (words: readonly bigint[]): readonly Field[] => decode(words, DTE);

/** Where a device table entry puts its GCR3 table. */
export function gcr3Root(words: readonly bigint[]): bigint {
  const [low = 0n, high = 0n] = words;
  return (((low >> 58n) & 7n) << 12n) | (((high >> 16n) & 0xffffn) << 15n) | ((high >> 43n) << 31n);
}

/** An entry of a GCR3 table; level 0 holds the processes' tables. */
export const decodeGcr3Entry = (level: number, word: bigint): readonly Field[] =>
  decode(
    [word],
    [
      flag('V', 0, 'valid', 'no such PASID'),
      defineField(
        'Address',
        51,
        12,
        address(12n, level === 0 ? "the process's table at" : 'next GCR3 table at'),
      ),
    ],
  );

/** log2 of what an entry of a host table maps; null for a table. Levels count from 0, which holds only leaves. */
export function hostLeafLg2(level: number, word: bigint): number | null {
  const next = Number((word >> 9n) & 7n);
  if (next === 0) return 12 + 9 * level;
  if (next !== 7) return null;
  let size = 12;
  while (size < 52 && ((word >> BigInt(size)) & 1n) === 1n) size++;
  return size + 1;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
/** `16 KiB` of a log2. */
export const sizeText = (lg2: number): string => `${2 ** (lg2 % 10)} ${units[Math.floor(lg2 / 10)] ?? ''}`;

/** An entry of a host table ("v1"); levels count from 0, which holds only leaves. */
export function decodeHostEntry(level: number, word: bigint): readonly Field[] {
  const size = hostLeafLg2(level, word);
  const next = (value: bigint): string =>
    size === null ? `points at a table of level ${value}` : `a page of ${sizeText(size)}`;
  const rows = [flag('PR', 0, 'present', 'not present')];
  if (size !== null) {
    rows.push(flag('A', 5, 'accessed', 'not accessed since cleared'));
    rows.push(flag('D', 6, 'written to', 'not written to since cleared'));
  } else {
    rows.push(flag('A', 5, 'accessed', 'not accessed since cleared'));
  }
  rows.push(defineField('NextLevel', 11, 9, next));
  if (size === null) rows.push(defineField('Address', 51, 12, address(12n, 'next table at')));
  else if (size < 52) rows.push(defineField('Address', 51, size, address(BigInt(size), 'page at')));
  if (size !== null) {
    rows.push(flag('U', 59, 'untranslated requests alone', 'translated requests too'));
    rows.push(flag('FC', 60, 'accesses snoop processor caches', 'snooping as the device asks'));
  }
  rows.push(flag('IR', 61, 'reads allowed', 'reads not allowed'));
  rows.push(flag('IW', 62, 'writes allowed', 'writes not allowed'));
  return decode([word], rows);
}

/** An entry of a guest table ("v2"), as processors have it; levels count from 0, which holds only leaves. */
export function decodeGuestEntry(level: number, word: bigint): readonly Field[] {
  const leaf = level === 0 || (level <= 2 && (word & 0x80n) !== 0n);
  const low = leaf ? 12 + 9 * level : 12;
  const rows = [
    flag('P', 0, 'present', 'not present'),
    flag('R/W', 1, 'writes allowed', 'writes not allowed'),
    flag('U/S', 2, 'user mode allowed', 'supervisor alone'),
    flag('A', 5, 'accessed', 'not accessed since cleared'),
  ];
  if (leaf) rows.push(flag('D', 6, 'written to', 'not written to since cleared'));
  if (level > 0 && level <= 2)
    rows.push(flag('PS', 7, `a page of ${sizeText(12 + 9 * level)}`, 'points at a table'));
  if (leaf) rows.push(flag('G', 8, 'of all processes', 'of this process'));
  rows.push(defineField('Address', 51, low, address(BigInt(low), leaf ? 'page at' : 'next table at')));
  rows.push(flag('NX', 63, 'may not be executed', 'may be executed'));
  return decode([word], rows);
}

const IRTE_LOW: readonly FieldRow[] = [
  flag('RemapEn', 0, 'mapped', 'not mapped: the interrupt is aborted'),
  flag('SupIOPF', 1, 'faults are not logged', 'faults are logged'),
  defineField('IntType', 4, 2, oneOf('fixed', 'arbitrated')),
  flag('RqEoi', 5, 'EOI requested', 'no EOI'),
  flag('DM', 6, 'logical destination', 'physical destination'),
  flag('GuestMode', 7, 'to a virtual APIC', 'to a processor'),
];

/** An entry of an interrupt remapping table: one word of 32 bits, or two of 64. */
export function decodeIrte(words: readonly bigint[]): readonly Field[] {
  if (words.length < 2) {
    return decode(words, [
      ...IRTE_LOW,
      defineField('Destination', 15, 8, number('APIC')),
      defineField('Vector', 23, 16, (value) => `vector ${hex(value)}`),
    ]);
  }
  return decode(words, [
    ...IRTE_LOW,
    defineField('Destination[23:0]', 31, 8, number('APIC')),
    defineField('GATag', 63, 32, (value) => `tag ${hex(value)}`),
    defineField('Vector', 71, 64, (value) => `vector ${hex(value)}`),
    defineField('GATableRootPtr', 115, 76, address(12n, 'virtual APIC page at')),
    defineField('Destination[31:24]', 127, 120, number('APIC bits')),
  ]);
}

/** Names as the document has them. */
const COMMANDS: Readonly<Record<number, string>> = {
  0x1: 'COMPLETION_WAIT',
  0x2: 'INVALIDATE_DEVTAB_ENTRY',
  0x3: 'INVALIDATE_IOMMU_PAGES',
  0x4: 'INVALIDATE_IOTLB_PAGES',
  0x5: 'INVALIDATE_INTERRUPT_TABLE',
  0x6: 'PREFETCH_IOMMU_PAGES',
  0x7: 'COMPLETE_PPR_REQUEST',
  0x8: 'INVALIDATE_IOMMU_ALL',
  0x9: 'INSERT_GUEST_EVENT',
  0xa: 'RESET_VMMIO',
};
export const commandName = (opcode: number): string => COMMANDS[opcode] ?? 'UNKNOWN';

const S = flag('S', 64, 'the address codes a range', 'one page of 4 KiB');
const GN = flag('GN', 66, 'addresses of a process', 'addresses of the host');
const ADDRESS = defineField('Address', 127, 76, address(12n, 'from'));
const DEVICE = defineField('DeviceID', 15, 0, device);

const COMMAND_FIELDS: Readonly<Record<number, readonly FieldRow[]>> = {
  0x1: [
    flag('S', 0, 'the store data is written when done', 'nothing is written'),
    flag('I', 1, 'ComWaitInt is set when done', 'no interrupt'),
    flag('F', 2, 'later commands wait', 'later commands may overtake'),
    defineField('StoreAddress', 51, 3, address(3n, 'written to')),
    defineField('StoreData', 127, 64, (value) => `value ${hex(value)}`),
  ],
  0x2: [DEVICE],
  0x3: [
    defineField('PASID', 19, 0, number('PASID')),
    defineField('DomainID', 47, 32, number('domain')),
    S,
    flag('PDE', 65, 'entries that point at tables, too', 'entries that map pages alone'),
    GN,
    ADDRESS,
  ],
  0x4: [
    DEVICE,
    defineField('PASID[15:8]', 23, 16, number('bits')),
    defineField('Maxpend', 31, 24, number('at most so many at a time:')),
    defineField('QueueID', 47, 32, number('queue')),
    defineField('PASID[7:0]', 55, 48, number('bits')),
    defineField('PASID[19:16]', 59, 56, number('bits')),
    S,
    GN,
    ADDRESS,
  ],
  0x5: [DEVICE],
  0x6: [
    DEVICE,
    defineField('PFCount', 31, 24, (value) => `${value + 1n} pages`),
    defineField('PASID', 51, 32, number('PASID')),
    S,
    GN,
    flag('Inval', 68, 'invalidates first', 'does not invalidate'),
    ADDRESS,
  ],
  0x7: [
    DEVICE,
    defineField('PASID', 51, 32, number('PASID')),
    GN,
    defineField('CompletionTag', 104, 96, number('group')),
    defineField('Response', 111, 108, (value) => RESPONSES[Number(value)] ?? 'reserved'),
  ],
  0x8: [],
};
const RESPONSES: Readonly<Record<number, string>> = { 0: 'success', 1: 'invalid request', 15: 'failure' };

export function decodeCommand(words: readonly bigint[]): readonly Field[] {
  const opcode = Number(((words[0] ?? 0n) >> 60n) & 0xfn);
  const name = defineField('Opcode', 63, 60, () => commandName(opcode));
  return decode(words, [name, ...(COMMAND_FIELDS[opcode] ?? [])]);
}

export interface AddressCut {
  /** Of the table that is walked. */
  readonly levels: number;
  /** Of the page; 12 where none is known. */
  readonly leafLg2?: number;
  /** Levels that have a table on the way, from 1; absent: all of them. The others are skipped: their bits are zero. */
  readonly walked?: readonly number[];
}

/**
 * Cuts an address into the indices of a walk, top first, the offset last. Of a level whose entries a coded page size
 * joins, the upper bits alone are its own.
 *
 * Spec: section 2.2.3, table 14 "Example Page Size Encodings"; host tables and guest tables alike
 */
export function splitAddress(
  iova: bigint,
  { levels, leafLg2 = 12, walked }: AddressCut,
): readonly AddressField[] {
  const parts: AddressField[] = [];
  const width = Math.min(64, 12 + 9 * levels);
  for (let level = levels; level >= 1; level--) {
    const low = Math.max(12 + 9 * (level - 1), leafLg2);
    const bits = Math.min(12 + 9 * level, width) - low;
    if (bits <= 0) continue;
    const value = Number((iova >> BigInt(low)) & ((1n << BigInt(bits)) - 1n));
    const skipped = walked !== undefined && !walked.includes(level);
    parts.push({ label: skipped ? `level ${level}, skipped` : `level ${level}`, level, bits, value });
  }
  const value = Number(iova & ((1n << BigInt(leafLg2)) - 1n));
  return [...parts, { label: 'offset', level: 0, bits: leafLg2, value }];
}
