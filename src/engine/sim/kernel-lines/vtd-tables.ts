import { hex } from '../../../lib/u64';
import type { Field } from '../../hw/common/fields';
import {
  decodeContextEntry,
  decodeFirstStageEntry,
  decodePasidDirectoryEntry,
  decodePasidEntry,
  decodeRootEntry,
  decodeScalableContextEntry,
  decodeScalableRootEntry,
  decodeSecondStageEntry,
} from '../../hw/vtd/describe';
import { addWord, draft, message, part, structure, type Draft, type Reading } from './draft';
import { fullBdf, hexValue, SEGMENT } from './text';
import type { DecodedStructure } from './types';

/**
 * Tables that the kernel prints after a fault, and those of debugfs.
 *
 * Linux: drivers/iommu/intel/iommu.c dmar_fault_dump_ptes(), pgtable_walk(); debugfs.c dmar_translation_struct_show(),
 * domain_translation_struct_show()
 */
export const VTD_FAULT = 'vtd-fault';
const ROWS = 'vtd-rows';
const ROOT = 'scalable mode root entry';
const CONTEXT = 'context entry';
const PASID_ENTRY = 'PASID table entry';

export const readVtdTables = (text: string): Reading | null =>
  readDump(text) ?? readAbsence(text) ?? readRow(text) ?? readDevice(text);

const tables = (title: string, why: string): Draft =>
  draft({ source: 'Intel VT-d', kind: 'structure', title, why });
const dumpAlone = (): Draft =>
  tables('Translation tables', 'what the tables held when the kernel printed them');
const dumped = (add: (open: Draft) => void): Reading => part(VTD_FAULT, add, dumpAlone);

const word = (digits: string | undefined): bigint => hexValue(digits ?? '0');

function readDump(text: string): Reading | null {
  const start = /Dump (dmar\d+) table entries for IOVA (0x[0-9a-f]+)/i.exec(text);
  if (start !== null) {
    const iova = word(start[2]);
    return part(
      VTD_FAULT,
      (open) => {
        open.facts.push({ name: 'unit', value: start[1] ?? '' });
        open.iova ??= iova;
      },
      dumpAlone,
      (open) => open.iova === iova && open.structures.length === 0,
    );
  }
  const pair = /((?:scalable mode root|context) entry): hi 0x([0-9a-f]{16}), low 0x([0-9a-f]{16})/i.exec(
    text,
  );
  if (pair !== null) return dumped((open) => addPair(open, pair[1] ?? '', [word(pair[3]), word(pair[2])]));
  const root = /\broot entry: 0x([0-9a-f]{16})/i.exec(text);
  if (root !== null)
    return dumped((open) => {
      // The kernel prints the lower half; the other one is reserved.
      const words = [word(root[1])];
      open.structures.push(structure('root entry', words, decodeRootEntry(words)));
    });
  const directory = /pasid dir entry: 0x([0-9a-f]{16})/i.exec(text);
  if (directory !== null)
    return dumped((open) => {
      const words = [word(directory[1])];
      open.structures.push(structure('PASID directory entry', words, decodePasidDirectoryEntry(words)));
    });
  const pasid = /pasid table entry\[(\d)\]: 0x([0-9a-f]{16})/i.exec(text);
  if (pasid !== null)
    return dumped(
      (open) => void addWord(open, PASID_ENTRY, Number(pasid[1]), word(pasid[2]), decodePasidEntry),
    );
  const pte = /pte level: (\d), pte value: 0x([0-9a-f]{16})/i.exec(text);
  if (pte !== null) return dumped((open) => addTableEntry(open, Number(pte[1]), word(pte[2])));
  return null;
}

/** A context entry means something else in scalable mode: the root entry before it tells, or the PASID directory. */
function addPair(open: Draft, name: string, words: readonly bigint[]): void {
  const scalableRoot = /root/i.test(name);
  const scalable = open.structures.some((each) => each.name === ROOT);
  if (scalableRoot) open.structures.push(structure(ROOT, words, decodeScalableRootEntry(words)));
  else
    open.structures.push(
      scalable
        ? structure(`scalable mode ${CONTEXT}, lower half`, words, decodeScalableContextEntry(words))
        : structure(CONTEXT, words, contextFields(open, words)),
    );
}

/** Without a root entry before it nobody knows which of the two it is. */
const contextFields = (open: Draft, words: readonly bigint[]): readonly Field[] =>
  open.structures.some((each) => each.name === 'root entry') ? decodeContextEntry(words) : [];

/** Levels count from 1 here, which holds only leaves. */
function addTableEntry(open: Draft, level: number, value: bigint): void {
  const pasid = open.structures.find((each) => each.name === PASID_ENTRY)?.words[0];
  const legacy = open.structures.some((each) => each.name === 'root entry');
  const first = legacy ? false : pasid === undefined ? looksFirstStage(value) : ((pasid >> 6n) & 7n) === 1n;
  open.structures.push(tableEntry(`level ${level}`, level, value, first));
}

/**
 * Linux sets U/S in every first-stage entry that it makes for DMA, and never that bit in a second-stage one; an empty
 * entry is of either.
 */
const looksFirstStage = (value: bigint): boolean => (value & 4n) !== 0n;

function tableEntry(name: string, level: number, value: bigint, first: boolean): DecodedStructure {
  const fields = first ? decodeFirstStageEntry(level - 1, value) : decodeSecondStageEntry(level - 1, value);
  const stage = value === 0n ? '' : first ? ', first stage' : ', second stage';
  return structure(`${name}${stage}`, [value], fields);
}

const ABSENT: readonly (readonly [RegExp, string])[] = [
  [/\broot table is not present/, 'the unit has no root table'],
  [/\bcontext table is not present/, 'the root entry leads to no context table'],
  [/\bpasid directory table is not present/, 'the context entry is not present: there is no PASID directory'],
  [/\bpasid table is not present/, 'the PASID directory entry is not present: there is no PASID table'],
  [
    /\b(?:legacy|scalable) mode page table is not present/,
    'the entry of the device is not present: there is no page table',
  ],
  [/\b(?:PTE|page table) not present at level \d/, 'the walk ends here: this entry leads nowhere'],
];

function readAbsence(text: string): Reading | null {
  const absent = ABSENT.find(([pattern]) => pattern.test(text));
  if (absent === undefined || !text.startsWith('DMAR')) return null;
  return dumped((open) => open.facts.push({ name: 'then', value: absent[1] }));
}

/** `00:14.0 <root hi:low> <context hi:low> [PASID, its entry's words 2:1:0]` */
const ROW =
  /^([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s+0x([0-9a-f]{16}):0x([0-9a-f]{16})\s+0x([0-9a-f]{16}):0x([0-9a-f]{16})(?:\s+(-?\d+)\s+0x([0-9a-f]{16}):0x([0-9a-f]{16}):0x([0-9a-f]{16}))?/i;

function readRow(text: string): Reading | null {
  const unit = /^IOMMU (dmar\d+): Root Table Address: (0x[0-9a-f]+)/i.exec(text);
  if (unit !== null) {
    const [, name = '', pa = ''] = unit;
    const made = tables(`Tables of ${name}`, 'what this unit’s root and context tables hold');
    made.facts.push({ name: 'root table at', value: hex(word(pa)) });
    return message(made);
  }
  const row = ROW.exec(text);
  if (row === null) return null;
  const root = [word(row[3]), word(row[2])];
  const context = [word(row[5]), word(row[4])];
  const scalable = row[6] !== undefined && row[6] !== '-1';
  const made = tables(
    'Entries of a device',
    scalable ? 'a device in scalable mode' : 'a device in legacy mode',
  );
  made.device = fullBdf(row[1] ?? '');
  made.facts.push(SEGMENT);
  if (!scalable) {
    made.structures.push(structure('root entry', root, decodeRootEntry(root)));
    made.structures.push(structure(CONTEXT, context, decodeContextEntry(context)));
    return message(made);
  }
  const pasid = pasidWords(row.slice(7, 10).map(word));
  made.pasid = Number(row[6]);
  made.structures.push(structure(ROOT, root, decodeScalableRootEntry(root)));
  made.structures.push(
    structure(`scalable mode ${CONTEXT}, lower half`, context, decodeScalableContextEntry(context)),
  );
  made.structures.push(structure(PASID_ENTRY, pasid, decodePasidEntry(pasid)));
  return message(made);
}

/**
 * Words 2:1:0 of a PASID entry; the first kernels that printed them had word 0 first. It is the one that is present and has
 * a translation type (bits 8:6). Bits 8:6 of word 2 are seldom set: EAFE, of newer kernels, is among them.
 */
function pasidWords(printed: readonly bigint[]): readonly bigint[] {
  const [first = 0n, , last = 0n] = printed;
  const isLowest = (value: bigint): boolean => {
    const type = (value >> 6n) & 7n;
    return (value & 1n) === 1n && type >= 1n && type <= 4n;
  };
  return isLowest(first) && !isLowest(last) ? printed : [...printed].reverse();
}

/** Entries that are shown of one device's tables. */
const MOST_ENTRIES = 48;
const COLUMNS = ['PML5E', 'PML4E', 'PDPE', 'PDE', 'PTE'];

function readDevice(text: string): Reading | null {
  const device = /^Device ([0-9a-f:.]{7,16}) (?:with pasid ([0-9a-f]+) )?@(0x[0-9a-f]+)/i.exec(text);
  if (device !== null) return message(deviceTables(device), { key: ROWS });
  if (/^IOVA_PFN\s/.test(text)) return part(ROWS, () => undefined, tablesAlone);
  const row = /^0x([0-9a-f]{13})\s*\|((?:\s+0x[0-9a-f]{16}){1,5})/i.exec(text);
  if (row === null) return null;
  const words = (row[2] ?? '').trim().split(/\s+/).map(hexValue);
  return part(ROWS, (open) => addMapping(open, word(row[1]) << 12n, words), tablesAlone);
}

const tablesAlone = (): Draft =>
  tables('Page tables of a device', 'what is mapped for a device, page by page');

function deviceTables([, device = '', pasid, pa = '']: RegExpExecArray): Draft {
  const made = tablesAlone();
  made.device = fullBdf(device);
  made.pasid = pasid === undefined ? null : Number(hexValue(pasid));
  made.facts.push({ name: 'top table at', value: pa });
  made.facts.push({ name: 'mode', value: pasid === undefined ? 'legacy' : 'scalable' });
  return made;
}

/** One row is one page: the entries on the way to it, the unused level zero. Rows share their upper entries. */
function addMapping(open: Draft, iova: bigint, words: readonly bigint[]): void {
  const count = open.facts.find(({ name }) => name === 'pages listed');
  const pages = (count === undefined ? 0 : Number(count.value)) + 1;
  open.facts = [
    ...open.facts.filter((fact) => fact !== count),
    { name: 'pages listed', value: String(pages) },
  ];
  const legacy = open.facts.some(({ name, value }) => name === 'mode' && value === 'legacy');
  for (const [n, value] of words.entries()) {
    if (value === 0n || open.structures.length >= MOST_ENTRIES) continue;
    const level = 5 - n;
    const covers = iova & ~((1n << BigInt(12 + 9 * (level - 1))) - 1n);
    const entry = tableEntry(
      `${COLUMNS[n] ?? ''} of ${hex(covers)}`,
      level,
      value,
      !legacy && looksFirstStage(value),
    );
    const known = open.structures.some((each) => each.name === entry.name && each.words[0] === value);
    if (!known) open.structures.push(entry);
  }
}
