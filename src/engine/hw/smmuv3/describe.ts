import { hex } from '../../../lib/u64';
import { shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import { reasonName } from './reasons';
import * as s from './structs';

/**
 * Structures, commands and records of SMMUv3 taken apart for people.
 *
 * Spec: Arm SMMU Architecture Specification (IHI 0070), chapters 4, 5, 7 and 8; Arm Architecture Reference Manual
 * (DDI 0487), "VMSAv8-64 translation table format descriptors"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const oneOf =
  (...names: readonly string[]) =>
  (value: bigint): string =>
    names[Number(value)] ?? 'reserved';
const stream = (value: bigint): string => `stream ${shortBdf(Number(value & 0xffffn))}`;
const bits = (value: bigint, high: number, low: number): number =>
  Number((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

const SIZES = ['32 bits', '36 bits', '40 bits', '42 bits', '44 bits', '48 bits', '52 bits'];
const TG0 = ['4 KiB', '64 KiB', '16 KiB'];
const TG1 = ['reserved', '16 KiB', '4 KiB', '64 KiB'];
const region = (value: bigint): string => `addresses of ${64n - value} bits`;
const CACHED = ['not cached', 'write-back', 'write-through', 'write-back, no allocation'];
const SHARED = ['not shared', 'reserved', 'outer shareable', 'inner shareable'];

const L1STD: readonly FieldRow[] = [
  defineField('Span', 4, 0, (value) =>
    value === 0n ? 'no table: its streams do not exist' : `a table of ${2n ** (value - 1n)} entries`,
  ),
  defineField('L2Ptr', 55, 6, address(6n, 'stream table entries at')),
];

const CONFIG = [
  ...['abort, silently', 'abort, silently', 'abort, silently', 'abort, silently'],
  ...['bypass', 'stage 1', 'stage 2', 'stage 1, then stage 2'],
];
const STE_ROWS: readonly FieldRow[] = [
  flag('V', 0, 'valid', 'not valid: requests are aborted with C_BAD_STE'),
  defineField('Config', 3, 1, oneOf(...CONFIG)),
];
const STE_STAGE1: readonly FieldRow[] = [
  defineField(
    'S1Fmt',
    5,
    4,
    oneOf('one table of CDs', 'two levels, 4 KiB leaves', 'two levels, 64 KiB leaves', 'one table of CDs'),
  ),
  defineField('S1ContextPtr', 55, 6, address(6n, 'context descriptors at')),
  defineField('S1CDMax', 63, 59, (value) => (value === 0n ? 'one CD, no substreams' : `${2n ** value} CDs`)),
  defineField(
    'S1DSS',
    65,
    64,
    oneOf('terminated', 'bypass stage 1', 'use the CD of SubstreamID 0', 'terminated'),
  ),
  defineField('S1CIR', 67, 66, oneOf(...CACHED)),
  defineField('S1COR', 69, 68, oneOf(...CACHED)),
  defineField('S1CSH', 71, 70, oneOf(...SHARED)),
  flag('S1STALLD', 91, 'CDs may not ask for stalls', 'CDs may ask for stalls'),
];
const STE_BOTH: readonly FieldRow[] = [
  flag('MEV', 83, 'similar events may be merged', 'events are not merged'),
  defineField('EATS', 93, 92, oneOf('no ATS', 'full ATS', 'split-stage ATS', 'no ATS')),
];
const STRW = defineField('STRW', 95, 94, oneOf('EL1', 'reserved', 'EL2', 'reserved'));
const SHCFG = defineField(
  'SHCFG',
  109,
  108,
  oneOf('not shared', 'as it comes in', 'outer shareable', 'inner shareable'),
);
const STE_OVERRIDES: readonly FieldRow[] = [
  defineField('PRIVCFG', 113, 112, oneOf('as it comes in', 'as it comes in', 'unprivileged', 'privileged')),
  defineField('INSTCFG', 115, 114, oneOf('as it comes in', 'as it comes in', 'data', 'instruction')),
];
const VMID = defineField('S2VMID', 143, 128, number('VMID'));
const STE_STAGE2: readonly FieldRow[] = [
  flag('S2FWB', 89, 'stage 2 decides memory types', 'both stages decide memory types'),
  defineField('S2T0SZ', 165, 160, region),
  defineField('S2SL0', 167, 166, number('start level code')),
  defineField('S2IR0', 169, 168, oneOf(...CACHED)),
  defineField('S2OR0', 171, 170, oneOf(...CACHED)),
  defineField('S2SH0', 173, 172, oneOf(...SHARED)),
  defineField('S2TG', 175, 174, oneOf(...TG0)),
  defineField('S2PS', 178, 176, oneOf(...SIZES)),
  flag('S2AA64', 179, 'VMSAv8-64 tables', 'AArch32 tables'),
  flag('S2ENDI', 180, 'big endian', 'little endian'),
  flag('S2AFFD', 181, 'AF = 0 is no fault', 'AF = 0 is a fault'),
  flag('S2PTW', 182, 'tables in device memory are refused', 'tables may lie in device memory'),
  flag('S2HD', 183, 'hardware keeps dirty state', 'hardware does not keep dirty state'),
  flag('S2HA', 184, 'hardware sets access flags', 'hardware does not set access flags'),
  flag('S2S', 185, 'faults stall', 'faults terminate'),
  flag('S2R', 186, 'faults are recorded', 'faults are not recorded'),
  defineField('S2TTB', 243, 196, address(4n, 'stage-2 table at')),
];

export const decodeL1Std = (words: readonly bigint[]): readonly Field[] => decode(words, L1STD);

/** Only what its Config gives a meaning to. */
export function decodeSte(words: readonly bigint[]): readonly Field[] {
  const first = words[0] ?? 0n;
  const config = bits(first, 3, 1);
  if ((first & 1n) === 0n || config < 4) return decode(words, STE_ROWS);
  const s1 = (config & 1) !== 0;
  const s2 = (config & 2) !== 0;
  return decode(words, [
    ...STE_ROWS,
    ...(s1 ? STE_STAGE1 : []),
    ...(s1 || s2 ? STE_BOTH : []),
    ...(s1 && !s2 ? [STRW] : []),
    SHCFG,
    ...STE_OVERRIDES,
    ...(s1 || s2 ? [VMID] : []),
    ...(s2 ? STE_STAGE2 : []),
  ]);
}

const L1CD: readonly FieldRow[] = [
  flag('V', 0, 'valid', 'not valid: requests are aborted with C_BAD_SUBSTREAMID'),
  defineField('L2Ptr', 55, 12, address(12n, 'context descriptors at')),
];
export const decodeL1Cd = (words: readonly bigint[]): readonly Field[] => decode(words, L1CD);

/** Fields of TTB0, or of TTB1 further up. */
const tableRows = (n: 0 | 1): readonly FieldRow[] => {
  const up = 16 * n;
  const word = 64 * (n + 1);
  return [
    defineField(`T${n}SZ`, 5 + up, up, region),
    defineField(`TG${n}`, 7 + up, 6 + up, oneOf(...(n === 0 ? TG0 : TG1))),
    defineField(`IR${n}`, 9 + up, 8 + up, oneOf(...CACHED)),
    defineField(`OR${n}`, 11 + up, 10 + up, oneOf(...CACHED)),
    defineField(`SH${n}`, 13 + up, 12 + up, oneOf(...SHARED)),
    flag(`TBI${n}`, 38 + n, 'the top byte is ignored', 'the top byte counts'),
    flag(`HAD${n}`, word + 1, 'limits in tables are ignored', 'limits in tables count'),
    defineField(`TTB${n}`, word + 51, word + 4, address(4n, 'stage-1 table at')),
  ];
};
const epd = (n: 0 | 1): FieldRow =>
  flag(`EPD${n}`, n === 0 ? 14 : 30, `TTB${n} is not walked: faults`, `TTB${n} is walked`);
const CD_COMMON: readonly FieldRow[] = [
  flag('ENDI', 15, 'big endian', 'little endian'),
  defineField('IPS', 34, 32, oneOf(...SIZES)),
  flag('AFFD', 35, 'AF = 0 is no fault', 'AF = 0 is a fault'),
  flag('WXN', 36, 'what is writable is not executable', 'writable pages may be executable'),
  flag('PAN', 40, 'privileged requests may not touch user pages', 'privileged requests may touch user pages'),
  flag('AA64', 41, 'VMSAv8-64 tables', 'AArch32 tables'),
  flag('HD', 42, 'hardware keeps dirty state', 'hardware does not keep dirty state'),
  flag('HA', 43, 'hardware sets access flags', 'hardware does not set access flags'),
  flag('S', 44, 'faults stall', 'faults terminate'),
  flag('R', 45, 'faults are recorded', 'faults are not recorded'),
  flag('A', 46, 'terminated requests are aborted', 'terminated requests read zeroes'),
  flag('ASET', 47, 'the ASID is this SMMU’s own', 'the ASID is shared with processors'),
  defineField('ASID', 63, 48, number('ASID')),
  defineField('MAIR', 255, 192, (value) => hex(value)),
];
const CD_V = flag('V', 31, 'valid', 'not valid: requests are aborted with C_BAD_CD');

/** A table whose walks are disabled has no fields. */
export function decodeCd(words: readonly bigint[]): readonly Field[] {
  const first = words[0] ?? 0n;
  if ((first & (1n << 31n)) === 0n) return decode(words, [CD_V]);
  const walked = ([0, 1] as const).flatMap((n) => [
    epd(n),
    ...((first & (1n << (n === 0 ? 14n : 30n))) === 0n ? tableRows(n) : []),
  ]);
  return decode(words, [CD_V, ...walked, ...CD_COMMON]);
}

const AP = ['privileged: read, write', 'read, write', 'privileged: read', 'read'];
const S2AP = ['no access', 'read', 'write', 'read, write'];
const STAGE1_LEAF: readonly FieldRow[] = [
  defineField('AttrIndx', 4, 2, number('attribute')),
  defineField('AP', 7, 6, oneOf(...AP)),
  defineField('SH', 9, 8, oneOf(...SHARED)),
  flag('AF', 10, 'accessed', 'not accessed yet'),
  flag('nG', 11, 'of this ASID', 'of every ASID'),
  flag('DBM', 51, 'hardware may make it writable', 'as AP says'),
  flag('Contiguous', 52, 'one of a run of entries', 'on its own'),
  flag('PXN', 53, 'not executable when privileged', 'executable when privileged'),
  flag('UXN', 54, 'not executable when unprivileged', 'executable when unprivileged'),
];
const STAGE1_TABLE: readonly FieldRow[] = [
  flag('PXNTable', 59, 'nothing below is executable when privileged', 'no limit'),
  flag('UXNTable', 60, 'nothing below is executable when unprivileged', 'no limit'),
  defineField(
    'APTable',
    62,
    61,
    oneOf('no limit', 'not for unprivileged', 'read only', 'read only, not for unprivileged'),
  ),
];
const STAGE2_LEAF: readonly FieldRow[] = [
  defineField('MemAttr', 5, 2, (value) => (value < 4n ? 'device memory' : 'normal memory')),
  defineField('S2AP', 7, 6, oneOf(...S2AP)),
  defineField('SH', 9, 8, oneOf(...SHARED)),
  flag('AF', 10, 'accessed', 'not accessed yet'),
  flag('DBM', 51, 'hardware may make it writable', 'as S2AP says'),
  flag('Contiguous', 52, 'one of a run of entries', 'on its own'),
  defineField(
    'XN',
    54,
    53,
    oneOf('executable', 'executable when unprivileged', 'not executable', 'executable when privileged'),
  ),
];

/** What a descriptor is to a walk: 0 nothing, 1 a table, 2 a leaf, 3 reserved. Levels as the architecture counts. */
export function classifyDescriptor(level: number, granuleLg2: number, word: bigint): 0 | 1 | 2 | 3 {
  if ((word & 1n) === 0n) return 0;
  const table = (word & 2n) !== 0n;
  if (level === 3) return table ? 2 : 3;
  if (table) return 1;
  return level === 2 || (level === 1 && granuleLg2 !== 14) ? 2 : 3;
}

/** Bytes of a leaf at a level, in words. */
export function leafSize(level: number, granuleLg2: number): string {
  const lg2 = granuleLg2 + (3 - level) * (granuleLg2 - 3);
  const [unit, shift] =
    lg2 >= 40 ? ['TiB', 40] : lg2 >= 30 ? ['GiB', 30] : lg2 >= 20 ? ['MiB', 20] : ['KiB', 10];
  return `${2 ** (lg2 - Number(shift))} ${unit}`;
}

export function decodeDescriptor(
  stage: 1 | 2,
  level: number,
  granuleLg2: number,
  word: bigint,
): readonly Field[] {
  const what = classifyDescriptor(level, granuleLg2, word);
  const leaf = level === 3 ? 'page' : 'block';
  const type = defineField(
    'type',
    1,
    0,
    () => ['not valid', 'table', leaf, 'reserved: not valid'][what] ?? '',
  );
  if (what === 0 || what === 3) return decode([word], [type]);
  const low = what === 1 ? granuleLg2 : granuleLg2 + (3 - level) * (granuleLg2 - 3);
  const name = what === 1 ? 'next table at' : `${leafSize(level, granuleLg2)} ${leaf} at`;
  const output = defineField('address', 47, low, address(BigInt(low), name));
  if (what === 1) return decode([word], [type, output, ...(stage === 1 ? STAGE1_TABLE : [])]);
  return decode([word], [type, output, ...(stage === 1 ? STAGE1_LEAF : STAGE2_LEAF)]);
}

/** Spec: chapter 4. */
const COMMAND_NAMES: Readonly<Record<number, string>> = {
  [s.CMD_PREFETCH_CONFIG]: 'CMD_PREFETCH_CONFIG',
  [s.CMD_PREFETCH_ADDR]: 'CMD_PREFETCH_ADDR',
  [s.CMD_CFGI_STE]: 'CMD_CFGI_STE',
  [s.CMD_CFGI_STE_RANGE]: 'CMD_CFGI_STE_RANGE',
  [s.CMD_CFGI_CD]: 'CMD_CFGI_CD',
  [s.CMD_CFGI_CD_ALL]: 'CMD_CFGI_CD_ALL',
  [s.CMD_CFGI_VMS_PIDM]: 'CMD_CFGI_VMS_PIDM',
  [s.CMD_TLBI_NH_ALL]: 'CMD_TLBI_NH_ALL',
  [s.CMD_TLBI_NH_ASID]: 'CMD_TLBI_NH_ASID',
  [s.CMD_TLBI_NH_VA]: 'CMD_TLBI_NH_VA',
  [s.CMD_TLBI_NH_VAA]: 'CMD_TLBI_NH_VAA',
  [s.CMD_TLBI_EL3_ALL]: 'CMD_TLBI_EL3_ALL',
  [s.CMD_TLBI_EL3_VA]: 'CMD_TLBI_EL3_VA',
  [s.CMD_TLBI_EL2_ALL]: 'CMD_TLBI_EL2_ALL',
  [s.CMD_TLBI_EL2_ASID]: 'CMD_TLBI_EL2_ASID',
  [s.CMD_TLBI_EL2_VA]: 'CMD_TLBI_EL2_VA',
  [s.CMD_TLBI_EL2_VAA]: 'CMD_TLBI_EL2_VAA',
  [s.CMD_TLBI_S12_VMALL]: 'CMD_TLBI_S12_VMALL',
  [s.CMD_TLBI_S2_IPA]: 'CMD_TLBI_S2_IPA',
  [s.CMD_TLBI_NSNH_ALL]: 'CMD_TLBI_NSNH_ALL',
  [s.CMD_ATC_INV]: 'CMD_ATC_INV',
  [s.CMD_PRI_RESP]: 'CMD_PRI_RESP',
  [s.CMD_RESUME]: 'CMD_RESUME',
  [s.CMD_STALL_TERM]: 'CMD_STALL_TERM',
  [s.CMD_SYNC]: 'CMD_SYNC',
};

export const commandName = (opcode: number): string =>
  COMMAND_NAMES[opcode] ?? `opcode 0x${opcode.toString(16)}`;

const SID = defineField('StreamID', 63, 32, stream);
const SSID: readonly FieldRow[] = [
  flag('SSV', 11, 'a SubstreamID is given', 'without a SubstreamID'),
  defineField('SubstreamID', 31, 12, number('substream')),
];
const LEAF = flag('Leaf', 64, 'leaves alone', 'tables too');
const TAGS: readonly FieldRow[] = [
  defineField('VMID', 47, 32, number('VMID')),
  defineField('ASID', 63, 48, number('ASID')),
];
const RANGE: readonly FieldRow[] = [
  defineField('NUM', 16, 12, (value) => `${value + 1n} units`),
  defineField('SCALE', 24, 20, (value) => `of ${2n ** value} granules`),
  LEAF,
  defineField('TTL', 73, 72, (value) => (value === 0n ? 'leaves of any level' : `leaves of level ${value}`)),
  defineField('TG', 75, 74, oneOf('any granule, no range', ...['4 KiB', '16 KiB', '64 KiB'])),
  defineField('Address', 127, 76, address(12n, 'from')),
];
const CODE = ['response failure', 'invalid request', 'success', 'reserved'];

const SYNC_MESSAGE: readonly FieldRow[] = [
  defineField('MSIData', 63, 32, (value) => `value ${hex(value)}`),
  defineField('MSIAddress', 119, 66, address(2n, 'written to')),
];
const COMMANDS: Readonly<Record<number, readonly FieldRow[]>> = {
  [s.CMD_PREFETCH_CONFIG]: [...SSID, SID],
  [s.CMD_PREFETCH_ADDR]: [...SSID, SID, defineField('Address', 127, 76, address(12n, 'from'))],
  [s.CMD_CFGI_STE]: [SID, LEAF],
  [s.CMD_CFGI_STE_RANGE]: [
    SID,
    defineField('Range', 68, 64, (value) =>
      value === 31n ? 'all streams' : `${2n ** (value + 1n)} streams`,
    ),
  ],
  [s.CMD_CFGI_CD]: [defineField('SubstreamID', 31, 12, number('substream')), SID, LEAF],
  [s.CMD_CFGI_CD_ALL]: [SID],
  [s.CMD_TLBI_NH_ALL]: TAGS.slice(0, 1),
  [s.CMD_TLBI_NH_ASID]: TAGS,
  [s.CMD_TLBI_NH_VA]: [...TAGS, ...RANGE],
  [s.CMD_TLBI_NH_VAA]: [...TAGS.slice(0, 1), ...RANGE],
  [s.CMD_TLBI_EL2_ASID]: TAGS.slice(1),
  [s.CMD_TLBI_EL2_VA]: [...TAGS.slice(1), ...RANGE],
  [s.CMD_TLBI_EL2_VAA]: RANGE,
  [s.CMD_TLBI_S12_VMALL]: TAGS.slice(0, 1),
  [s.CMD_TLBI_S2_IPA]: [...TAGS.slice(0, 1), ...RANGE],
  [s.CMD_ATC_INV]: [
    flag('G', 9, 'of every PASID', 'of one PASID, or of none'),
    ...SSID,
    SID,
    defineField('Size', 69, 64, (value) => (value === 52n ? 'everything' : `2^${value} pages`)),
    defineField('Address', 127, 76, address(12n, 'from')),
  ],
  [s.CMD_PRI_RESP]: [
    ...SSID,
    SID,
    defineField('PRGIndex', 72, 64, number('group')),
    defineField('Resp', 77, 76, oneOf(...CODE)),
  ],
  [s.CMD_RESUME]: [
    flag('Ac', 12, 'retried', 'terminated'),
    flag('Ab', 13, 'with an abort', 'as if all were well'),
    SID,
    defineField('STAG', 79, 64, number('stalled transaction')),
  ],
  [s.CMD_STALL_TERM]: [SID],
  [s.CMD_SYNC]: [
    defineField('CS', 13, 12, oneOf('no signal', 'interrupt', 'event to processors', 'reserved')),
    defineField('MSH', 23, 22, oneOf(...SHARED)),
    defineField('MSIAttr', 27, 24, number('attribute')),
    ...SYNC_MESSAGE,
  ],
};

/**
 * What stands in a done command's place: a CMD_SYNC whose completion message went to its own first word is called by its
 * name. Linux has it so, and waits for that word to be zero: arm_smmu_cmdq_build_sync_cmd(), ARM_SMMU_OPT_MSIPOLL
 */
export function decodeDoneCommand(
  words: readonly bigint[],
  pa: number,
): { readonly name: string; readonly fields: readonly Field[] } {
  const [first = 0n, second = 0n] = words;
  const itself = (second & MSI_ADDRESS) === BigInt(pa) && (first & 0xffff_ffffn) === first >> 32n;
  if (itself) return { name: commandName(s.CMD_SYNC), fields: decode(words, [COMPLETION, ...SYNC_MESSAGE]) };
  return { name: commandName(bits(first, 7, 0)), fields: decodeCommand(words) };
}

const MSI_ADDRESS = ((1n << 56n) - 1n) & ~3n;
const COMPLETION = defineField(
  'Completion',
  31,
  0,
  (value) => `done: its message wrote ${hex(value)} over the opcode, where the driver waits for it`,
);

export function decodeCommand(words: readonly bigint[]): readonly Field[] {
  const op = bits(words[0] ?? 0n, 7, 0);
  return decode(words, [defineField('Opcode', 7, 0, () => commandName(op)), ...(COMMANDS[op] ?? [])]);
}

const CLASSES = [
  'fetch of a context descriptor',
  'walk of a stage-1 table',
  'the address itself',
  'reserved',
];
const EVENT_HEAD: readonly FieldRow[] = [
  defineField('EventID', 7, 0, (value) => reasonName(Number(value))),
  ...SSID,
  SID,
];
const EVENT_ACCESS: readonly FieldRow[] = [
  flag('PnU', 97, 'privileged', 'unprivileged'),
  flag('InD', 98, 'instruction', 'data'),
  flag('RnW', 99, 'read', 'write'),
];
const INPUT = defineField('InputAddr', 191, 128, (value) => hex(value));
const FETCHED = defineField('FetchAddr', 247, 195, address(3n, 'read at'));
const EVENT_STAGE: readonly FieldRow[] = [
  flag('S2', 103, 'stage 2', 'stage 1'),
  defineField('CLASS', 105, 104, oneOf(...CLASSES)),
];
const EVENT_WALK: readonly FieldRow[] = [
  defineField('STAG', 79, 64, number('stalled transaction')),
  flag('Stall', 95, 'waits for CMD_RESUME', 'terminated'),
  ...EVENT_ACCESS,
  ...EVENT_STAGE,
  flag('TTRnW', 108, 'a table was read', 'a table was written, or it was no table'),
  INPUT,
  defineField('IPA', 247, 204, address(12n, 'IPA')),
];
const EVENTS: Readonly<Record<number, readonly FieldRow[]>> = {
  0x01: [...EVENT_ACCESS, INPUT],
  0x03: [FETCHED],
  0x05: [...EVENT_ACCESS, INPUT],
  0x07: [EVENT_ACCESS[2] as FieldRow, INPUT],
  0x09: [FETCHED],
  0x0b: [...EVENT_ACCESS, ...EVENT_STAGE, INPUT, FETCHED],
  0x10: EVENT_WALK,
  0x11: EVENT_WALK,
  0x12: EVENT_WALK,
  0x13: EVENT_WALK,
  0x20: [...EVENT_ACCESS, ...EVENT_STAGE, INPUT],
};

export const decodeEvent = (words: readonly bigint[]): readonly Field[] =>
  decode(words, [...EVENT_HEAD, ...(EVENTS[bits(words[0] ?? 0n, 7, 0)] ?? [])]);

const PAGE_REQUEST: readonly FieldRow[] = [
  defineField('StreamID', 31, 0, stream),
  defineField('SubstreamID', 51, 32, number('substream')),
  flag('Priv', 58, 'privileged', 'unprivileged'),
  flag('X', 59, 'to execute', 'not to execute'),
  flag('R', 60, 'to read', 'not to read'),
  flag('W', 61, 'to write', 'not to write'),
  flag('Last', 62, 'last of its group', 'more of its group follow'),
  flag('SSV', 63, 'a SubstreamID is given', 'without a SubstreamID'),
  defineField('PRGIndex', 72, 64, number('group')),
  defineField('Address', 127, 76, address(12n, 'page')),
];
export const decodePageRequest = (words: readonly bigint[]): readonly Field[] => decode(words, PAGE_REQUEST);
