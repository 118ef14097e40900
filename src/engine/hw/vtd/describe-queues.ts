import { hex } from '../../../lib/u64';
import { shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';

/**
 * Invalidation descriptors and page requests taken apart for people.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, section 6.5.2 "Queued Invalidation Interface", section
 * 7.4.1.1 "Page Request Descriptor", section 7.6.1 "Page Group Response Descriptor"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const pasid = (value: bigint): string => `PASID ${hex(value)}`;
const source = (value: bigint): string => `source ${shortBdf(Number(value))}`;
const oneOf =
  (names: readonly string[]) =>
  (value: bigint): string =>
    names[Number(value)] ?? 'reserved';

const DID = defineField('DID', 31, 16, number('domain'));
const PASID = defineField('PASID', 51, 32, pasid);
const PAGES = [
  defineField('AM', 69, 64, (value) => `2^${value} pages`),
  flag('IH', 70, 'only leaf entries changed', 'table entries changed too'),
  defineField('ADDR', 127, 76, address(12n, 'from')),
];

const DESCRIPTORS: Readonly<Record<number, readonly FieldRow[]>> = {
  1: [
    defineField('G', 5, 4, oneOf(['reserved', 'all entries', 'one domain', 'one device'])),
    DID,
    defineField('SID', 47, 32, source),
    defineField('FM', 49, 48, number('function mask')),
  ],
  2: [
    defineField('G', 5, 4, oneOf(['reserved', 'all entries', 'one domain', 'pages of one domain'])),
    flag('DW', 6, 'writes are drained', 'writes are not drained'),
    flag('DR', 7, 'reads are drained', 'reads are not drained'),
    DID,
    ...PAGES,
  ],
  3: [
    defineField('PFSID', 15, 12, number('physical function, low bits')),
    defineField('MIP', 20, 16, number('pending at most')),
    defineField('SID', 47, 32, source),
    flag('S', 64, 'the address codes a size', 'one page of 4 KiB'),
    defineField('ADDR', 127, 76, address(12n, 'from')),
  ],
  4: [
    flag('G', 4, 'entries by index', 'all entries'),
    defineField('IM', 31, 27, (value) => `2^${value} entries`),
    defineField('IIDX', 47, 32, number('index')),
  ],
  5: [
    flag('IF', 4, 'interrupt when done', 'no interrupt'),
    flag('SW', 5, 'status written when done', 'no status write'),
    flag('FN', 6, 'later descriptors wait', 'later descriptors may overtake'),
    flag('PD', 7, 'page requests are drained', 'page requests are not drained'),
    defineField('STATUS', 63, 32, (value) => `value ${hex(value)}`),
    defineField('ADDR', 127, 66, address(2n, 'written to')),
  ],
  6: [
    defineField('G', 5, 4, oneOf(['reserved', 'reserved', 'one PASID', 'pages of one PASID'])),
    DID,
    PASID,
    ...PAGES,
  ],
  7: [defineField('G', 5, 4, oneOf(['one domain', 'one PASID', 'reserved', 'all entries'])), DID, PASID],
  8: [
    defineField('MIP', 8, 4, number('pending at most')),
    defineField('PFSID', 15, 12, number('physical function, low bits')),
    defineField('SID', 31, 16, source),
    PASID,
    flag('GI', 64, 'of every PASID', 'of this PASID'),
    flag('S', 75, 'the address codes a size', 'one page of 4 KiB'),
    defineField('ADDR', 127, 76, address(12n, 'from')),
  ],
  9: [
    flag('PP', 4, 'with a PASID', 'without a PASID'),
    defineField('RC', 15, 12, (value) => RESPONSE_CODES[Number(value)] ?? 'reserved'),
    defineField('RID', 31, 16, source),
    PASID,
    defineField('PRGI', 75, 67, number('group')),
  ],
};

const RESPONSE_CODES: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'invalid request',
  15: 'response failure: the device stops asking',
};

/** Linux: drivers/iommu/intel/dmar.c qi_type_string() */
const DESCRIPTOR_NAMES: Readonly<Record<number, string>> = {
  1: 'Context-cache Invalidation',
  2: 'IOTLB Invalidation',
  3: 'Device-TLB Invalidation',
  4: 'Interrupt Entry Cache Invalidation',
  5: 'Invalidation Wait',
  6: 'PASID-based IOTLB Invalidation',
  7: 'PASID-cache Invalidation',
  8: 'PASID-based Device-TLB Invalidation',
  9: 'Page Group Response',
};
export const descriptorName = (type: number): string => DESCRIPTOR_NAMES[type] ?? 'UNKNOWN';

export function decodeDescriptor(words: readonly bigint[]): readonly Field[] {
  const type = Number((words[0] ?? 0n) & 0xfn);
  const name = defineField('TYPE', 3, 0, () => descriptorName(type));
  return decode(words, [name, ...(DESCRIPTORS[type] ?? [])]);
}

const PAGE_REQUEST: readonly FieldRow[] = [
  defineField('TYPE', 7, 0, (value) => (value === 1n ? 'page request' : 'reserved')),
  flag('PP', 8, 'with a PASID', 'without a PASID'),
  defineField('RID', 31, 16, source),
  PASID,
  flag('EXR', 52, 'to execute', 'not to execute'),
  flag('PMR', 53, 'privileged', 'unprivileged'),
  flag('RDR', 64, 'to read', 'not to read'),
  flag('WRR', 65, 'to write', 'not to write'),
  flag('LPIG', 66, 'the last of its group: wants an answer', 'more of its group follow'),
  defineField('PRGI', 75, 67, number('group')),
  defineField('ADDR', 127, 76, address(12n, 'page at')),
];

export const decodePageRequest = (words: readonly bigint[]): readonly Field[] => decode(words, PAGE_REQUEST);

/** IQER.IQEI in words. */
const QUEUE_ERRORS: Readonly<Record<number, string>> = {
  1: 'the tail lies outside the queue',
  2: 'a descriptor cannot be fetched, or its status not be written',
  3: 'a descriptor has an invalid type',
  4: 'a reserved field of a descriptor is set',
  5: 'the descriptor width does not fit the translation table mode',
  6: 'the tail lies in the middle of a descriptor',
  7: 'the translation table mode is invalid',
};
export const queueError = (iqei: number): string => QUEUE_ERRORS[iqei] ?? 'no details';
