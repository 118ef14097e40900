import { counted } from '../counted';
import { grouped } from '../locale';

/** Two moments side by side. */
export const COMPARE = {
  a: 'A',
  b: 'B',
  swap: 'Swap A and B',
  keep: 'Keep this moment as A',
  gone: 'A branch that was to be compared is gone. Choose another moment.',
  reading: 'Reading…',
  same: 'No object differs.',
  summary: (came: number, went: number, changed: number) =>
    `${counted(came, 'object')} came, ${went} went, ${changed} changed.`,
  onCanvas: 'On the canvas',
  became: 'became',
  attachments: 'Attachments',
  mappings: 'Mappings',
  how: { added: 'added', removed: 'removed', changed: 'changed' },
  came: (n: number) => `Came (${n})`,
  went: (n: number) => `Went (${n})`,
  changed: (n: number) => `Changed (${n})`,
  counts: 'IOMMUs, counted',
  unit: 'unit',
  what: 'what',
  entries: (cache: string) => `${cache} entries`,
  staleEntries: (cache: string) => `${cache} entries, stale`,
  faults: 'faults logged',
  commands: 'commands done',
  more: (n: number) => `and ${grouped(n)} more`,
} as const;

/** Which moment. */
export const MOMENT = {
  now: 'Now',
  before: 'Before this line',
  line: 'After line …',
  branch: (line: number) => `End of the branch after line ${line}`,
  goneBranch: 'A branch that is gone',
  lineOf: (name: 'A' | 'B') => `Line of ${name}`,
  isGone: 'a branch that is gone',
  isBranch: 'the end of the branch',
  isFirst: 'before the first line',
  isLine: (line: number) => `after line ${line}`,
} as const;

/** Words of memory that differ. */
export const WORDS = {
  page: 'A page of memory',
  compare: 'Compare',
  noMemory: 'There is no memory in either moment.',
  tables: 'Table words',
  tablesOf: 'Tables of',
  none: 'No word differs.',
  differ: (n: number) => (n === 1 ? '1 word of 64 bits differs' : `${counted(n, 'word')} of 64 bits differ`),
  at: 'at',
  level: 'level',
  bothTip: 'What both mean, bit by bit',
  all: (n: number) => `All ${grouped(n)}`,
  noTable: 'no table',
  entryIn: (name: 'A' | 'B') => `The entry in ${name}`,
  noTableHere: 'There is no table at this address.',
  zeroes: 'All zeroes: not present.',
} as const;

/** An area, an attachment, a value in words. */
export const VALUES = {
  to: (last: string) => `to ${last}`,
  pinned: (n: number) => `${n} pinned`,
  accessPins: (n: number) => `${n} access pins`,
  locks: (n: number) => `${n} locks`,
  keptBy: (tiers: string) => `kept by ${tiers}`,
  nobody: 'nobody yet',
  notThere: 'not there',
  nothing: 'nothing',
  none: 'none',
  theOthers: 'the others',
  listed: (names: string, more: number) => (more > 0 ? `${names} and ${more} more` : names),
  yes: 'yes',
  no: 'no',
} as const;

/** Words of fields whose letters are not those of the field. */
export const SPELT = {
  hwpt: 'HWPT',
  hwpts: 'HWPTs',
  ioas: 'IOAS',
  iommu: 'IOMMU',
  viommu: 'vIOMMU',
  pasids: 'PASIDs',
  pasid: 'PASID',
  pa: 'PA',
  iova: 'IOVA',
  acs: 'ACS',
  tlb: 'TLB',
  api: 'API',
  dma: 'DMA',
  va: 'VA',
  idev: 'device object',
} as const;
