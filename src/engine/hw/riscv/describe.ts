import { hex } from '../../../lib/u64';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';

export { commandName, decodeCommand, decodeFault, decodePageRequest, faultLine } from './describe-queues';
export type { DecodedFault } from './describe-queues';
export { decodeRegister } from './describe-registers';

/**
 * RISC-V IOMMU structures in memory, taken apart for people.
 *
 * Spec: RISC-V IOMMU Architecture Specification, chapter "Data Structures"; page tables: Privileged ISA, chapter
 * "Supervisor-Level ISA"; MSI page tables: RISC-V AIA, chapter "IOMMU Support for MSIs to Virtual Machines"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const named =
  (names: Readonly<Record<number, string>>) =>
  (value: bigint): string =>
    names[Number(value)] ?? 'reserved';

const POINTER: readonly FieldRow[] = [
  flag('V', 0, 'valid', 'not valid'),
  defineField('PPN', 53, 10, address(12n, 'next table at')),
];

const FIRST_STAGE_MODES = { 0: 'Bare: no translation', 8: 'Sv39', 9: 'Sv48', 10: 'Sv57' };
const SECOND_STAGE_MODES = { 0: 'Bare: no translation', 8: 'Sv39x4', 9: 'Sv48x4', 10: 'Sv57x4' };
const PROCESS_MODES = { 0: 'Bare: no first stage', 1: 'PD8', 2: 'PD17', 3: 'PD20' };
const NARROW_FIRST = { 0: 'Bare: no translation', 8: 'Sv32' };
const MSI_MODES = { 0: 'Off', 1: 'Flat' };

const TC: readonly FieldRow[] = [
  flag('tc.V', 0, 'valid', 'not valid: the device is blocked'),
  flag('tc.EN_ATS', 1, 'ATS allowed', 'ATS not allowed'),
  flag('tc.EN_PRI', 2, 'page requests allowed', 'page requests not allowed'),
  flag('tc.T2GPA', 3, 'ATS gives guest physical addresses', 'ATS gives physical addresses'),
  flag('tc.DTF', 4, 'translation faults are not recorded', 'faults are recorded'),
  flag('tc.PDTV', 5, 'fsc points at a process directory', 'fsc is a first-stage table'),
  flag('tc.PRPR', 6, 'PRG responses carry the PASID', 'PRG responses carry no PASID'),
  flag('tc.GADE', 7, 'second-stage A and D are set by hardware', 'second-stage A = 0 or D = 0 faults'),
  flag('tc.SADE', 8, 'first-stage A and D are set by hardware', 'first-stage A = 0 or D = 0 faults'),
  flag('tc.DPE', 9, 'requests without process_id use 0', 'requests without process_id have no first stage'),
  flag('tc.SBE', 10, 'first-stage tables are big-endian', 'first-stage tables are little-endian'),
  flag('tc.SXL', 11, 'Sv32', 'Sv39 to Sv57'),
];

const SECOND: readonly FieldRow[] = [
  defineField('iohgatp.PPN', 107, 64, address(12n, 'second-stage table at')),
  defineField('iohgatp.GSCID', 123, 108, number('guest')),
];

const MSI: readonly FieldRow[] = [
  defineField('msiptp.PPN', 299, 256, address(12n, 'MSI page table at')),
  defineField('msiptp.MODE', 319, 316, named(MSI_MODES)),
  defineField('msi_addr_mask', 371, 320, (value) => `bits ${hex(value)} of the page number are free`),
  defineField('msi_addr_pattern', 435, 384, address(12n, 'interrupt files from')),
];

/** A device context of 4 or 8 doublewords. `narrowGuest`: fctl.GXL = 1. */
export function decodeDeviceContext(words: readonly bigint[], narrowGuest = false): readonly Field[] {
  const tc = words[0] ?? 0n;
  const processes = ((tc >> 5n) & 1n) === 1n;
  const narrow = ((tc >> 11n) & 1n) === 1n;
  const modes = processes ? PROCESS_MODES : narrow ? NARROW_FIRST : FIRST_STAGE_MODES;
  const root = processes ? 'process directory at' : 'first-stage table at';
  const secondModes = narrowGuest ? { 0: 'Bare: no translation', 8: 'Sv32x4' } : SECOND_STAGE_MODES;
  return decode(words, [
    ...TC,
    ...SECOND,
    defineField('iohgatp.MODE', 127, 124, named(secondModes)),
    defineField('ta.PSCID', 159, 140, processes ? () => 'the process context has it' : number('process')),
    defineField('ta.RCID', 179, 168, number('resource control id')),
    defineField('ta.MCID', 191, 180, number('monitoring counter id')),
    defineField('fsc.PPN', 235, 192, address(12n, root)),
    defineField('fsc.MODE', 255, 252, named(modes)),
    ...(words.length > 4 ? MSI : []),
  ]);
}

export const decodeDirectoryEntry = (words: readonly bigint[]): readonly Field[] => decode(words, POINTER);

export const decodeProcessContext = (words: readonly bigint[], narrow = false): readonly Field[] =>
  decode(words, [
    flag('ta.V', 0, 'valid', 'not valid: the process has no address space'),
    flag('ta.ENS', 1, 'supervisor requests allowed', 'supervisor requests not allowed'),
    flag('ta.SUM', 2, 'supervisor may use user pages', 'supervisor may not use user pages'),
    defineField('ta.PSCID', 31, 12, number('process')),
    defineField('fsc.PPN', 107, 64, address(12n, 'first-stage table at')),
    defineField('fsc.MODE', 127, 124, named(narrow ? NARROW_FIRST : FIRST_STAGE_MODES)),
  ]);

const PBMT = { 0: 'memory type as the address has it', 1: 'non-cacheable', 2: 'I/O' };
const SIZES = ['4 KiB', '2 MiB', '1 GiB', '512 GiB', '256 TiB'];

/** Bytes in a word or two. */
export const sizeText = (lg2: number): string => {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  return `${2 ** (lg2 % 10)} ${units[Math.floor(lg2 / 10)] ?? ''}`;
};

/** Whether an entry leads to a page. */
export const isPage = (word: bigint): boolean => (word & 0xan) !== 0n;

/** An entry of a first- or second-stage table; levels count from 0, which holds only leaves. */
export function decodePte(level: number, word: bigint, narrow = false): readonly Field[] {
  const rows: FieldRow[] = [
    flag('V', 0, 'valid', 'not valid'),
    flag('R', 1, 'read allowed', 'read not allowed'),
    flag('W', 2, 'write allowed', 'write not allowed'),
    flag('X', 3, 'execute allowed', 'execute not allowed'),
  ];
  if (!isPage(word)) {
    const pointer = defineField('PPN', narrow ? 31 : 53, 10, address(12n, 'next table at'));
    return decode([word], [...rows, flag('G', 5, 'all below is global', 'not global'), pointer]);
  }
  const napot = !narrow && word >> 63n === 1n;
  const size = napot ? '64 KiB' : narrow ? ['4 KiB', '4 MiB'][level] : SIZES[level];
  rows.push(
    flag('U', 4, 'user page', 'supervisor page'),
    flag('G', 5, 'global mapping', 'not global'),
    flag('A', 6, 'accessed', 'not accessed yet'),
    flag('D', 7, 'dirty', 'clean'),
  );
  rows.push(defineField('PPN', narrow ? 31 : 53, 10, address(12n, `${size ?? ''} page at`)));
  if (narrow) return decode([word], rows);
  rows.push(defineField('PBMT', 62, 61, named(PBMT)));
  rows.push(flag('N', 63, 'one of 16 entries of a 64 KiB page', 'a page of its own'));
  return decode([word], rows);
}

/** The 16 bytes of an MSI page-table entry. */
export function decodeMsiPte(words: readonly bigint[]): readonly Field[] {
  const mode = Number(((words[0] ?? 0n) >> 1n) & 3n);
  const rows = [
    flag('V', 0, 'valid', 'not valid'),
    defineField('M', 2, 1, named({ 1: 'MRIF: into memory', 3: 'basic translate' })),
    flag('C', 63, 'custom', 'standard'),
  ];
  if (mode !== 1)
    return decode(words, [...rows, defineField('PPN', 53, 10, address(12n, 'interrupt file at'))]);
  return decode(words, [
    ...rows,
    defineField('MRIF_Address', 53, 7, address(9n, 'interrupt file at')),
    defineField('N[9:0]', 73, 64, number('notice')),
    defineField('NPPN', 117, 74, address(12n, 'notice goes to')),
    defineField('N[10]', 124, 124, number('highest bit')),
  ]);
}
