import { hex } from '../../../lib/u64';
import { shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import type { AddressField } from '../common/view';
import { bitsOfLevels } from './structs';

export { decodeFault, faultFields, faultLine, type DecodedFault } from './describe-faults';
export { decodeDescriptor, decodePageRequest, descriptorName, queueError } from './describe-queues';
export { decodeRegister } from './describe-registers';

/**
 * VT-d's structures in memory taken apart for people.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, chapter 9 "Translation Structure Formats"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
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

const SCALABLE_ROOT: readonly FieldRow[] = [
  flag('LP', 0, 'present', 'not present: no device 00 to 0f of this bus may do DMA'),
  defineField('LCTP', 63, 12, address(12n, 'context table of devices 00 to 0f at')),
  flag('UP', 64, 'present', 'not present: no device 10 to 1f of this bus may do DMA'),
  defineField('UCTP', 127, 76, address(12n, 'context table of devices 10 to 1f at')),
];

const FPD = flag('FPD', 1, 'faults are not recorded', 'faults are recorded');

const SCALABLE_CONTEXT: readonly FieldRow[] = [
  present,
  FPD,
  flag('DTE', 2, 'device TLB allowed', 'ATS requests are blocked'),
  flag('PASIDE', 3, 'PASIDs allowed', 'requests with a PASID are blocked'),
  flag('PRE', 4, 'page requests allowed', 'page requests are blocked'),
  defineField('PDTS', 11, 9, (value) => `PASIDs below ${hex(1 << (Number(value) + 13))}`),
  defineField('PASIDDIRPTR', 63, 12, address(12n, 'PASID directory at')),
  defineField('RID_PASID', 83, 64, (value) => `requests without a PASID use ${hex(value)}`),
  flag(
    'RID_PRIV',
    84,
    'requests without a PASID are privileged',
    'requests without a PASID are unprivileged',
  ),
];

const PASID_DIRECTORY: readonly FieldRow[] = [
  flag('P', 0, 'present', 'not present: none of these 64 PASIDs is in use'),
  FPD,
  defineField('SMPTBLPTR', 63, 12, address(12n, 'PASID table at')),
];

const PGTT = ['reserved', 'first stage', 'second stage', 'nested', 'pass-through'];

const PASID_ENTRY: readonly FieldRow[] = [
  present,
  FPD,
  defineField('AW', 4, 2, (value) => AW[Number(value)] ?? 'reserved'),
  defineField('PGTT', 8, 6, (value) => PGTT[Number(value)] ?? 'reserved'),
  flag(
    'SSADE',
    9,
    'accessed and dirty bits of the second stage',
    'no accessed and dirty bits of the second stage',
  ),
  defineField('SSPTPTR', 63, 12, address(12n, 'second-stage table at')),
  defineField('DID', 79, 64, number('domain')),
  flag('PWSNP', 87, 'walks snoop processor caches', 'walks do not snoop'),
  flag('PGSNP', 88, 'accesses snoop processor caches', 'snooping as the device asks'),
  flag('SRE', 128, 'privileged requests allowed', 'privileged requests are blocked'),
  flag('ERE', 129, 'execute requests allowed', 'execute requests are blocked'),
  defineField('FSPM', 131, 130, (value) => ['4 levels', '5 levels'][Number(value)] ?? 'reserved'),
  flag('WPE', 132, 'privileged writes obey R/W', 'privileged writes ignore R/W'),
  flag('EAFE', 135, 'extended accessed bits are set', 'extended accessed bits are not set'),
  defineField('FSPTPTR', 191, 140, address(12n, 'first-stage table at')),
];
/** Fields that a translation type has no use for. */
const UNUSED: Readonly<Record<number, readonly string[]>> = {
  1: ['AW', 'SSADE', 'SSPTPTR'],
  2: ['FSPM', 'WPE', 'EAFE', 'FSPTPTR'],
  4: ['AW', 'SSADE', 'SSPTPTR', 'FSPM', 'WPE', 'EAFE', 'FSPTPTR'],
};

export const decodeScalableRootEntry = (words: readonly bigint[]): readonly Field[] =>
  decode(words, SCALABLE_ROOT);
export const decodeScalableContextEntry = (words: readonly bigint[]): readonly Field[] =>
  decode(words, SCALABLE_CONTEXT);
export const decodePasidDirectoryEntry = (words: readonly bigint[]): readonly Field[] =>
  decode(words, PASID_DIRECTORY);

export function decodePasidEntry(words: readonly bigint[]): readonly Field[] {
  const type = Number(((words[0] ?? 0n) >> 6n) & 7n);
  const unused = UNUSED[type] ?? [];
  return decode(words, PASID_ENTRY).map((field) => {
    if (unused.includes(field.name)) return { ...field, meaning: `ignored: ${PGTT[type]}` };
    if (type === 3 && field.name === 'FSPTPTR') {
      return { ...field, meaning: `first-stage table at guest-physical ${hex(field.value << 12n)}` };
    }
    return field;
  });
}

const SIZES = ['4 KiB', '2 MiB', '1 GiB'];

/** An entry of a first-stage table; levels count from 0, which holds only leaves. `nested`: its address is guest-physical. */
export function decodeFirstStageEntry(level: number, word: bigint, nested = false): readonly Field[] {
  const leaf = level === 0 || (level <= 2 && (word & 0x80n) !== 0n);
  const size = SIZES[level] ?? '';
  const at = nested ? 'at guest-physical' : 'at';
  const rows = [
    flag('P', 0, 'present', 'not present: nothing is mapped here'),
    flag('R/W', 1, 'write allowed', 'write not allowed'),
    flag('U/S', 2, 'for all requests', 'for privileged requests alone'),
    flag('A', 5, 'was used', 'was not used yet'),
  ];
  if (leaf) rows.push(flag('D', 6, 'was written', 'was not written yet'));
  if (level > 0 && level <= 2) rows.push(flag('PS', 7, `a ${size} page`, 'points at a table'));
  if (leaf) rows.push(flag('G', 8, 'global: ignored here', 'not global'));
  rows.push(flag('EA', 10, 'was used by a device', 'was not used by a device yet'));
  const low = leaf ? 12 + 9 * level : 12;
  rows.push(
    defineField('ADDR', 51, low, address(BigInt(low), leaf ? `${size} page ${at}` : `next table ${at}`)),
  );
  rows.push(flag('XD', 63, 'not to be executed', 'may be executed'));
  return decode([word], rows);
}

const SVT = ['any source', 'this source', 'a range of buses', 'reserved'];

const IRTE: readonly FieldRow[] = [
  flag('P', 0, 'present', 'not present: messages are blocked'),
  FPD,
  flag('DM', 2, 'logical destination', 'physical destination'),
  flag('RH', 3, 'one of several processors', 'to the processor named'),
  flag('TM', 4, 'level', 'edge'),
  defineField('DLM', 7, 5, number('delivery mode')),
  flag('IM', 15, 'posted', 'remapped'),
  defineField('V', 23, 16, number('vector')),
  defineField('DST', 63, 32, number('destination')),
  defineField('SID', 79, 64, (value) => shortBdf(Number(value))),
  defineField('SQ', 81, 80, number('source qualifier')),
  defineField('SVT', 83, 82, (value) => SVT[Number(value)] ?? ''),
];
const POSTED_IRTE: readonly FieldRow[] = [
  ...IRTE.slice(0, 2),
  flag('URG', 14, 'urgent', 'not urgent'),
  ...IRTE.slice(6, 8),
  defineField('PDAL', 63, 38, address(6n, 'posted descriptor at, low part')),
  ...IRTE.slice(9),
  defineField('PDAH', 127, 96, address(32n, 'posted descriptor at, high part')),
];

export const decodeIrte = (words: readonly bigint[]): readonly Field[] =>
  decode(words, ((words[0] ?? 0n) & 0x8000n) === 0n ? IRTE : POSTED_IRTE);

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

/**
 * An entry of a second-stage table; levels count from 0, which holds only leaves. `accessDirty`: the PASID entry has SSADE
 * set, without which the bits are ignored.
 */
export function decodeSecondStageEntry(level: number, word: bigint, accessDirty = false): readonly Field[] {
  const leaf = level === 0 || (level <= 2 && (word & 0x80n) !== 0n);
  const size = SIZES[level] ?? '';
  const rows = [...SECOND_STAGE];
  if (level > 0 && level <= 2) rows.push(flag('PS', 7, `a ${size} page`, 'points at a table'));
  if (accessDirty) rows.push(flag('A', 8, 'was used', 'was not used yet'));
  if (accessDirty && leaf) rows.push(flag('D', 9, 'was written', 'was not written yet'));
  if (leaf) {
    rows.push(flag('SNP', 11, 'accesses snoop processor caches', 'snooping as the device asks'));
    const low = 12 + 9 * level;
    rows.push(defineField('ADDR', 51, low, address(BigInt(low), `${size} page at`)));
  } else {
    rows.push(defineField('ADDR', 51, 12, address(12n, 'next table at')));
  }
  return decode([word], rows);
}

/** Cuts an address into the indices of a walk, top first; below the leaf all is offset. Levels from 1, as people count. */
export function splitAddress(iova: bigint, levels: number, leafLevel = 1): readonly AddressField[] {
  const parts: AddressField[] = [];
  for (let level = levels; level >= leafLevel; level--) {
    const value = Number((iova >> BigInt(bitsOfLevels(level - 1))) & 0x1ffn);
    parts.push({ label: `level ${level}`, level, bits: 9, value });
  }
  const bits = bitsOfLevels(leafLevel - 1);
  const value = Number(iova & ((1n << BigInt(bits)) - 1n));
  return [...parts, { label: 'offset', level: 0, bits, value }];
}
