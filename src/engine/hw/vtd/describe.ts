import { hex } from '../../../lib/u64';
import { formatBdf, shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import { isInterruptReason, reasonName } from './reasons';
import { bitsOfLevels } from './structs';

/**
 * VT-d's entries, records and descriptors taken apart for people.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, chapter 9, sections 6.5.2 and 11.4.7
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const plain = (text: string) => (): string => text;
const present = flag('P', 0, 'present', 'not present: requests are blocked');

const ROOT: readonly FieldRow[] = [
  flag('P', 0, 'present', 'not present: no device of this bus may do DMA'),
  defineField('CTP', 63, 12, address(12n, 'context table at')),
];

const TT = ['second-stage translation', 'second stage, device TLB allowed', 'pass-through', 'reserved'];
const AW = ['reserved', '39 bits, 3 levels', '48 bits, 4 levels', '57 bits, 5 levels'];

const CONTEXT: readonly FieldRow[] = [
  present,
  flag('FPD', 1, 'faults are not recorded', 'faults are recorded'),
  defineField('TT', 3, 2, (value) => TT[Number(value)] ?? 'reserved'),
  defineField('SSPTPTR', 63, 12, address(12n, 'second-stage table at')),
  defineField('AW', 66, 64, (value) => AW[Number(value)] ?? 'reserved'),
  defineField('DID', 87, 72, number('domain')),
];

const SECOND_STAGE: readonly FieldRow[] = [
  flag('R', 0, 'read allowed', 'read not allowed'),
  flag('W', 1, 'write allowed', 'write not allowed'),
];

export const decodeRootEntry = (words: readonly bigint[]): readonly Field[] => decode(words, ROOT);

/** The table pointer means nothing in a pass-through entry. */
export function decodeContextEntry(words: readonly bigint[]): readonly Field[] {
  const fields = decode(words, CONTEXT);
  const passThrough = (((words[0] ?? 0n) >> 2n) & 3n) === 2n;
  if (!passThrough) return fields;
  return fields.map((f) => (f.name === 'SSPTPTR' ? { ...f, meaning: 'ignored in pass-through' } : f));
}

/** An entry of a second-stage table; levels count from 0, which holds only leaves. */
export function decodeSecondStageEntry(level: number, word: bigint): readonly Field[] {
  const leaf = level === 0 || (level <= 2 && (word & 0x80n) !== 0n);
  const size = ['4 KiB', '2 MiB', '1 GiB'][level] ?? '';
  const rows = [...SECOND_STAGE];
  if (level > 0 && level <= 2) rows.push(flag('PS', 7, `a ${size} page`, 'points at a table'));
  if (leaf) {
    rows.push(flag('SNP', 11, 'accesses snoop processor caches', 'snooping as the device asks'));
    const low = 12 + 9 * level;
    rows.push(defineField('ADDR', 51, low, address(BigInt(low), `${size} page at`)));
  } else {
    rows.push(defineField('ADDR', 51, 12, address(12n, 'next table at')));
  }
  return decode([word], rows);
}

/** A fault recording register, as the world shows it (index and stale apart). */
export interface DecodedFault {
  readonly device: string;
  readonly access: 'read' | 'write';
  readonly iova: bigint;
  readonly reason: number;
  readonly name: string;
  readonly words: readonly bigint[];
  readonly kernelLine: string;
}

export function decodeFault(words: readonly bigint[], segment: number): DecodedFault {
  const low = words[0] ?? 0n;
  const high = words[1] ?? 0n;
  const rid = Number(high & 0xffffn);
  const reason = Number((high >> 32n) & 0xffn);
  const access = ((high >> 62n) & 1n) === 1n ? 'read' : 'write';
  const iova = low & ~0xfffn;
  const kernelLine = faultLine(rid, access, iova, reason);
  return {
    device: formatBdf(segment, rid),
    access,
    iova,
    reason,
    name: reasonName(reason),
    words,
    kernelLine,
  };
}

/** What the kernel prints for a fault. Linux: drivers/iommu/intel/dmar.c dmar_fault_do_one() */
export function faultLine(rid: number, access: 'read' | 'write', iova: bigint, reason: number): string {
  const code = `[fault reason 0x${reason.toString(16).padStart(2, '0')}] ${reasonName(reason)}`;
  const device = `Request device [${shortBdf(rid)}]`;
  if (isInterruptReason(reason))
    return `DMAR: [INTR-REMAP] ${device} fault index ${hex(iova >> 48n)} ${code}`;
  const type = access === 'read' ? 'DMA Read' : 'DMA Write';
  return `DMAR: [${type} NO_PASID] ${device} fault addr ${hex(iova)} ${code}`;
}

const CONTEXT_GRANULARITY = ['reserved', 'all entries', 'one domain', 'one device'];
const IOTLB_GRANULARITY = ['reserved', 'all entries', 'one domain', 'pages of one domain'];

const DESCRIPTORS: Readonly<Record<number, readonly FieldRow[]>> = {
  1: [
    defineField('G', 5, 4, (value) => CONTEXT_GRANULARITY[Number(value)] ?? ''),
    defineField('DID', 31, 16, number('domain')),
    defineField('SID', 47, 32, (value) => `source ${shortBdf(Number(value))}`),
    defineField('FM', 49, 48, number('function mask')),
  ],
  2: [
    defineField('G', 5, 4, (value) => IOTLB_GRANULARITY[Number(value)] ?? ''),
    flag('DW', 6, 'writes are drained', 'writes are not drained'),
    flag('DR', 7, 'reads are drained', 'reads are not drained'),
    defineField('DID', 31, 16, number('domain')),
    defineField('AM', 69, 64, (value) => `2^${value} pages`),
    flag('IH', 70, 'only leaf entries changed', 'table entries changed too'),
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
    defineField('STATUS', 63, 32, (value) => `value ${hex(value)}`),
    defineField('ADDR', 127, 66, address(2n, 'written to')),
  ],
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
  const name = defineField('TYPE', 3, 0, plain(descriptorName(type)));
  return decode(words, [name, ...(DESCRIPTORS[type] ?? [])]);
}

/** One piece of an address: an index into a table, or the offset in the page. */
export interface AddressPart {
  readonly label: string;
  /** 5…1 as people count; 0 for the offset. */
  readonly level: number;
  readonly bits: number;
  readonly value: number;
}

/** Cuts an address into the indices of a walk, top first; below the leaf all is offset. Levels from 1, as people count. */
export function splitAddress(iova: bigint, levels: number, leafLevel = 1): readonly AddressPart[] {
  const parts: AddressPart[] = [];
  for (let level = levels; level >= leafLevel; level--) {
    const value = Number((iova >> BigInt(bitsOfLevels(level - 1))) & 0x1ffn);
    parts.push({ label: `level ${level}`, level, bits: 9, value });
  }
  const bits = bitsOfLevels(leafLevel - 1);
  const value = Number(iova & ((1n << BigInt(bits)) - 1n));
  return [...parts, { label: 'offset', level: 0, bits, value }];
}
