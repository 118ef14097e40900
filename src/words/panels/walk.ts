import { counted } from '../counted';
import { grouped } from '../locale';

/** One look-up: the whole of it. */
export const WALK = {
  title: 'Walk over the canvas',
  overCanvas: 'Over the canvas',
  overCanvasSays: 'The walk has the whole room of the canvas now.',
  bringBack: 'Bring it back here',
  backToCanvas: 'Back to the canvas',
  noneOnStage: 'No look-up is on stage. Step on to a DMA.',
  noneYet: 'No look-up yet',
  noneYetSays:
    'Select a device and fire a DMA: here you see every cache the IOMMU asks, every table entry it reads, and where the bytes end up.',
  soFar: 'Look-ups so far',
  earlier: (shown: number, all: number) => `${counted(shown, 'earlier look-up')} of ${grouped(all)}`,
  withPasid: (pasid: number) => `PASID ${pasid}`,
  fault: 'fault',
  reached: 'reached memory',
  dma: (access: 'read' | 'write', bytes: number, device: string) =>
    `DMA ${access}, ${counted(bytes, 'byte')}, from ${device}`,
  dmaOfPasid: (access: 'read' | 'write', bytes: number, device: string, pasid: number) =>
    `DMA ${access}, ${counted(bytes, 'byte')}, from ${device}, PASID ${pasid}`,
  lookup: (summary: string) => `Look-up · ${summary}`,
  stepByStep: 'Step by step',
  steps: 'Steps',
  nothing: {
    peer: 'Nothing was looked up: the request never came to an IOMMU.',
    passes: 'Nothing was looked up: the address passes as it is.',
    noTable: 'Nothing was looked up: no table is asked.',
  },
  takenAway: 'Permissions that were taken away',
  since: (line: number, lines: number) =>
    lines === 1
      ? `As it went at line ${line}; 1 line has run since.`
      : `As it went at line ${line}; ${counted(lines, 'line')} have run since.`,
  fireAgain: 'Fire it again',
  step: (step: number, total: number) => `Step ${step} of ${total}`,
  showEnd: 'show the end',
  through: 'Through',
  noIommu: 'no IOMMU',
  onAddressStrip: 'Show on the address strip',
  onMemoryStrip: 'Show on the memory strip',
  parts: 'Pages of this DMA',
  partTip: (address: string, outcome: string) => `${address}: ${outcome}`,
  outcome: {
    bypass: 'untranslated',
    'device-tlb': 'device TLB hit',
    iotlb: 'IOTLB hit',
    peer: 'past the IOMMU',
    walk: 'walked',
  },
  cost: {
    deviceTlb: 'device TLB hit',
    iotlb: 'IOTLB hit',
    structures: (n: number) => counted(n, 'structure read'),
    tables: (n: number) => counted(n, 'table read'),
    none: 'none',
  },
} as const;

/** Entries of a table by what they are. */
export const OCCUPANCY = {
  tables: (n: number) => counted(n, 'table'),
  leaves: (n: number) => counted(n, 'leaf', 'leaves'),
  malformed: (n: number) => `${n} malformed`,
  empty: (n: number) => `${n} empty`,
} as const;

/** The address. */
export const ADDRESS = {
  fields: 'The IOVA in index fields',
  field: (label: string, bits: string, value: number) => `${label}: bits ${bits}, ${value}`,
  fieldSkipped: (label: string, bits: string, value: number) =>
    `${label}: bits ${bits}, ${value}, which has to be 0`,
  page: (size: string) => `${size} page:`,
  /** Of a large page: why fewer fields are used than the format has. */
  merged: (bits: number, fields: string) => `these ${bits} bits (${fields}) are offset too`,
  equal: (entries: number, bits: number) =>
    bits === 1
      ? `${entries} equal entries side by side, so the low 1 bit of the last index is offset too`
      : `${entries} equal entries side by side, so the low ${bits} bits of the last index are offset too`,
  iova: 'IOVA',
  pasid: 'PASID',
  inThisPage: (bytes: number) => `${counted(bytes, 'byte')} in this page`,
  /** Of addresses that somebody points at or holds. */
  inside: 'inside the addresses that you hold:',
  outside: 'outside of the addresses that you hold:',
  letGo: 'let go',
} as const;

/** Caches beside the walk. */
export const CACHES = {
  title: 'Caches',
  uses: 'Cache entries of this look-up',
  useTip: 'Go to where it was asked',
  all: (iommu: string) => `All caches of ${iommu}`,
  how: { hit: '✓ hit', filled: '+ filled', miss: '○ miss' },
  staleEntry: 'Stale entry',
  stale: 'Stale',
  staleHead: (cache: string) => `{stale} ${cache} entry: the hardware went by what is no longer so`,
  cached: 'cached',
  oldAnswer: 'an old answer',
  pa: (address: string) => `PA ${address}`,
  tablesNow: 'tables now',
  somethingElse: 'something else',
  staleSays: 'It stays so until software has the entry invalidated: whoever changes a table has to say so.',
} as const;

/** What may still be done. */
export const PERMISSION = {
  endsHere: (name: string) => `${name} ends here: this entry does not allow it`,
  allowed: (name: string) => `${name} allowed so far`,
  taken: (name: string) => `${name} was taken away above`,
  verb: { R: 'reading', W: 'writing', X: 'execution', U: 'requests of users' },
  ends: (name: 'R' | 'W' | 'X' | 'U', stage: number | null, level: number, forAllBelow: boolean) => {
    const where = stage === null ? `level ${level}` : `stage ${stage}, level ${level}`;
    const what = `its entry does not allow ${PERMISSION.verb[name]}`;
    return `${name} ends at ${where}: ${what}${forAllBelow ? ', so nothing below it can' : ''}.`;
  },
} as const;

/** Tables, a column a level. */
export const COLUMNS = {
  shortcut: (cache: string, tables: number) => `✓ ${cache} hit: ${counted(tables, 'table')} not read`,
  tables: 'Tables',
  level: (level: number) => `L${level}`,
  title: 'Tables, a column a level',
  goOn: (level: number) => `Go on to level ${level}`,
  goOnTip: 'Go on to here',
  table: (level: number, address: string) => `Level ${level} table at ${address}`,
  entry: (level: number, entry: string, outcome: string) => `Level ${level}, entry 0x${entry}: ${outcome}`,
  entryTip: (entry: string, word: string) => `Entry ${entry}: ${word}`,
  firstStage: 'First stage: the guest’s tables',
  secondStage: {
    page: 'Second stage: where the page really lies',
    context: 'Second stage: where the context descriptor really lies',
    table: (level: number) => `Second stage: where the guest’s level ${level} table really lies`,
  },
  skipped: 'skipped',
  skippedTip: 'The entry above points past this level: its index has to be zero',
  notRead: 'not read',
  notReadTip: (cache: string) => `Not read: the ${cache} knew what comes below`,
  /** A whole table at a glance. */
  strip: (table: string, occupancy: string) => `${table}: ${occupancy}`,
  stripEntry: (entry: string, kind: string) => `entry 0x${entry}, ${kind}`,
  stripEntryRead: (entry: string, kind: string) => `entry 0x${entry}, ${kind}, read by this look-up`,
} as const;

/** An entry, bit by bit. */
export const ENTRY = {
  title: 'Entry',
  back: 'Back to the entry that was read',
  beside: 'Beside the walk',
  reading: 'Reading…',
  gone: 'This entry cannot be read any more: the table is gone.',
  empty: 'empty',
  notInThis: 'not in this look-up',
  at: 'entry {index} at {address}',
  atFor: (purpose: string) => `${purpose}, entry {index} at {address}`,
  changed: 'This is what the hardware read. Memory holds {words} by now.',
} as const;

/** Steps by what they read. */
export const STEP = {
  forPage: 'for the page',
  forContext: 'for the context descriptor',
  forTable: (level: number) => `for the level ${level} table`,
  entry: (stage: number | null, level: number) =>
    stage === null ? `level ${level} entry` : `stage ${stage} level ${level} entry`,
  table: (stage: number | null, name: string, level: number, purpose: string | null) =>
    `${stage === null ? '' : `stage ${stage} `}${name}, level ${level}${purpose === null ? '' : ` ${purpose}`}`,
  done: (kind: string, tag: string, outcome: string) => `${kind}: ${tag}, ${outcome}`,
  doneStale: (kind: string, tag: string, outcome: string) => `${kind}: ${tag}, ${outcome}, stale`,
  goOn: (kind: string) => `Go on to: ${kind}`,
  stale: 'stale',
} as const;

/** Reads of two stages. */
export const NESTED = {
  title: 'Reads of both stages',
  translates: 'translates',
  secondStage: 'second stage',
  firstStage: 'first stage',
  addressOf: 'address of',
  then: 'then',
  known: (cache: string) => `known: ${cache}`,
  firstSpared: "The first stage's cache knew this table's entry",
  upperSpared: 'A cache knew where the upper tables lead',
  cached: 'cached',
  page: 'the page',
  context: 'context',
  table: (level: number) => `L${level} table`,
  toPa: '→ PA',
  cost: (accesses: number, own: number) =>
    `${accesses} memory accesses: ${own} for the guest’s own entries, ${accesses - own} to find out where things lie.`,
  costSpared: (accesses: number, own: number, most: number) =>
    `${accesses} of ${most} memory accesses: ${own} for the guest’s own entries, ${accesses - own} to find out where things lie. Caches and large pages spared the rest.`,
  hit: (cache: string) => `${cache} hit`,
  accessContext: (n: number, of: number) => `Access ${n} of ${of}: context descriptor`,
  access: (n: number, of: number, stage: number, level: number) =>
    `Access ${n} of ${of}: stage ${stage}, level ${level}`,
  withEntry: (what: string, entry: string) => `${what}, entry 0x${entry}`,
  withOutcome: (what: string, outcome: string) => `${what}, ${outcome}`,
  cellTip: (n: number, title: string) => `${n}: ${title}`,
} as const;

/** How it ended. */
export const RESULT = {
  from: {
    bypass: 'not translated',
    'device-tlb': 'as the device was told before',
    iotlb: 'from the IOTLB, without a walk',
    peer: 'another device’s memory',
    walk: 'read from the tables',
  },
  interrupt: 'interrupt message',
  toProcessor: 'for a processor, not for memory',
  pa: (address: string) => `PA ${address}`,
  pastTitle: 'Past the IOMMU',
  past: 'past the IOMMU',
  reached: 'It reached {device}',
  fault: 'Fault',
  dropped: 'dropped',
  inLog: (faults: number, iommu: string) =>
    faults === 1 ? `In the fault log of ${iommu}` : `All ${faults} in the fault log of ${iommu}`,
} as const;
