import { hiOf, loOf } from '../../../../lib/u64';
import type { CacheEvent, FaultEvent, MemoryReadEvent, TraceEvent } from '../../../trace/event';
import { eventOfEntry } from '../../common/peek';
import type { TableOfStep, WalkStep } from '../../common/view';
import {
  decodeDeviceContext,
  decodeDirectoryEntry,
  decodeMsiPte,
  decodeProcessContext,
  decodePte,
  faultLine,
  isPage,
} from '../describe';
import type { RiscvIommu } from './device';
import { malformed, reservedHi } from './second-stage';
import { whyRefused } from './why-refused';

const PAGE_BYTES = 4096;

/** The hardware's reads and cache look-ups among the events of one request, in words. */
export function explainRiscv(device: RiscvIommu, events: readonly TraceEvent[]): readonly WalkStep[] {
  const steps: WalkStep[] = [];
  const shortcuts = new Shortcuts();
  let narrow = false;
  for (const event of events) {
    if (event.kind === 'cache') {
      const step = cacheStep(event);
      if (step !== null) steps.push(step);
      shortcuts.looked(event);
    }
    if (event.kind !== 'read') continue;
    if (event.structure === 'dc') narrow = (((event.words[0] ?? 0n) >> 11n) & 1n) === 1n;
    const anew = shortcuts.read(event, steps.length);
    if (anew >= 0) steps.splice(anew, 0, BEGINS_ANEW);
    steps.push(readStep(device, event, narrow));
  }
  // What the hardware read last is what it refused over.
  const last = steps.at(-1);
  const refused = events.some((event) => event.kind === 'fault');
  return refused && last?.kind === 'read' ? [...steps.slice(0, -1), { ...last, outcome: 'fault' }] : steps;
}

/**
 * Walks that began with a table of the walk cache, and that its entry did not let pass: the same entry is read once more then,
 * at the end of the walk from the root.
 */
class Shortcuts {
  private hit = false;
  /** The entry that the walk cache led to, and where among the steps what follows it begins. */
  private entry: MemoryReadEvent | null = null;
  private behind = 0;

  looked(event: CacheEvent): void {
    if (event.cache === 'paging-structure') this.hit = event.op === 'hit';
  }

  /** Where a walk began anew before this read; -1: it did not. `at`: where the read's own step goes. */
  read(event: MemoryReadEvent, at: number): number {
    const { entry, behind, hit } = this;
    const table = event.structure === 'table';
    const anew = table && entry !== null && beginsAnew(entry, event);
    this.hit = false;
    this.entry = table && hit ? event : null;
    this.behind = at + (anew ? 2 : 1);
    return anew ? behind : -1;
  }
}

/** Whether a read after that of a cached table's entry belongs to the same walk: then it started over. */
const beginsAnew = (entry: MemoryReadEvent, next: MemoryReadEvent): boolean =>
  next.stage === entry.stage
    ? next.forLevel === entry.forLevel && next.level > 0
    : entry.stage === 1 && next.forLevel !== undefined;

/** Why a request was refused, and what the kernel prints for it. */
export function explainRiscvFault(
  device: RiscvIommu,
  fault: FaultEvent,
  steps: readonly WalkStep[],
): { readonly why: string; readonly kernelLine: string } {
  const header = BigInt(fault.reason) | (BigInt(ridOf(fault.device)) << 40n);
  const kernelLine = faultLine(fault.words ?? [header, 0n, fault.iova, 0n]);
  const { service } = device.state;
  const asked = service.did === ridOf(fault.device) && service.pasid === (fault.pasid ?? -1);
  return { why: whyRefused(asked ? service : null, fault, steps), kernelLine };
}

const CACHE_NAMES: Readonly<Record<string, string>> = {
  ddt: 'Device directory cache',
  pdt: 'Process directory cache',
  iotlb: 'IOATC',
  'paging-structure': 'Walk cache',
};

const NOTHING_READ = {
  stage: null,
  level: 0,
  forLevel: null,
  index: null,
  pa: null,
  words: [],
  fields: [],
  occupancy: null,
} as const;

const BEGINS_ANEW: WalkStep = {
  ...NOTHING_READ,
  kind: 'cache',
  structure: 'paging-structure',
  outcome: 'miss',
  title:
    'Walk cache: by this entry the access does not pass; the table is dropped, and the walk begins at the root',
};

function cacheStep({ cache, op, tag }: CacheEvent): WalkStep | null {
  if (op !== 'hit' && op !== 'miss') return null;
  const name = CACHE_NAMES[cache];
  if (name === undefined) return null;
  return { ...NOTHING_READ, kind: 'cache', structure: cache, outcome: op, title: `${name} ${op}: ${tag}` };
}

function readStep(device: RiscvIommu, event: MemoryReadEvent, narrow: boolean): WalkStep {
  const { structure, index, pa, words } = event;
  const read = { ...NOTHING_READ, kind: 'read', structure, outcome: 'table', index, pa, words } as const;
  switch (structure) {
    case 'ddt':
      return { ...read, title: `Device directory entry ${index}`, fields: decodeDirectoryEntry(words) };
    case 'dc':
      return {
        ...read,
        title: `Device context ${index} of its page`,
        fields: decodeDeviceContext(words, device.state.narrowGuest),
      };
    case 'pdt':
      return { ...read, title: `Process directory entry ${index}`, fields: decodeDirectoryEntry(words) };
    case 'pc':
      return {
        ...read,
        title: `Process context ${index} of its page`,
        fields: decodeProcessContext(words, narrow),
      };
    case 'msi':
      return {
        ...read,
        outcome: 'leaf',
        title: `MSI page-table entry ${index}`,
        fields: decodeMsiPte(words),
      };
    default:
      return tableStep(device, event, narrow);
  }
}

function tableStep(device: RiscvIommu, event: MemoryReadEvent, narrow: boolean): WalkStep {
  const { level, index, pa, words, stage, forLevel } = event;
  const word = words[0] ?? 0n;
  const kind = classify(device, level, word, narrow);
  return {
    kind: 'read',
    structure: 'table',
    stage: stage ?? null,
    outcome: kind === 2 ? 'leaf' : kind === 1 ? 'table' : 'fault',
    level: level + 1,
    forLevel: stage === 2 ? (forLevel === undefined ? 0 : forLevel + 1) : null,
    title: tableTitle(event),
    index,
    pa,
    words,
    fields: decodePte(level, word, narrow),
    // A pointer to a table says nothing of it.
    ...(kind === 2 ? { allows: allows(word), sizeLg2: leafLg2(level, word, narrow) } : {}),
    permissions: 'RWXU',
    reading: `${narrow ? 'Sv32' : 'Sv39 and wider'}, ${entriesOf(device, event, narrow)} entries`,
    occupancy: tableOccupancy(device, pa, level, {
      index,
      narrow,
      entries: entriesOf(device, event, narrow),
    }),
  };
}

/** Svnapot joins 16 pages of 4 KiB. */
const leafLg2 = (level: number, word: bigint, narrow: boolean): number =>
  !narrow && word >> 63n === 1n ? 16 : 12 + (narrow ? 10 : 9) * level;

/** The root of a second stage has four times as many: its index has two more bits. */
function entriesOf(device: RiscvIommu, { level, stage }: MemoryReadEvent, narrow: boolean): number {
  const { firstLevels, secondLevels } = device.state.service;
  const second = stage === 2 || (stage === undefined && firstLevels === 0 && secondLevels > 0);
  return (narrow ? 1024 : 512) * (second && level === secondLevels - 1 ? 4 : 1);
}

/** Another entry of a table that was read, as memory has it now. */
export function peekRiscv(device: RiscvIommu, table: TableOfStep, index: number): WalkStep | null {
  const [, format, entries] = /^(.+), (\d+) entries$/.exec(table.reading ?? '') ?? [];
  const narrow = format === 'Sv32';
  const { port } = device.state.memory;
  const event = index < Number(entries) ? eventOfEntry(port, table, index, narrow ? 4 : 8) : null;
  return event && tableStep(device, event, narrow);
}

interface TableShape {
  /** Of the entry that `pa` is the address of. */
  readonly index: number;
  readonly narrow: boolean;
  readonly entries: number;
}

/** The entries of a table: 0 absent, 1 table, 2 leaf, 3 malformed; null where no memory is. */
export function tableOccupancy(
  device: RiscvIommu,
  pa: number,
  level: number,
  { index, narrow, entries }: TableShape,
): Uint8Array | null {
  const { port } = device.state.memory;
  const bytes = narrow ? 4 : 8;
  const first = Math.floor((pa - index * bytes) / PAGE_BYTES);
  const inPage = PAGE_BYTES / bytes;
  const bases = Array.from({ length: entries / inPage }, (_, page) => port.frameBase(first + page));
  if (bases.some((base) => base < 0)) return null;
  return Uint8Array.from({ length: entries }, (_, n) => {
    const at = (bases[Math.floor(n / inPage)] as number) + (n % inPage) * (bytes / 4);
    const lo = (port.words[at] as number) >>> 0;
    const hi = narrow ? 0 : (port.words[at + 1] as number) >>> 0;
    return classify(device, level, (BigInt(hi) << 32n) | BigInt(lo), narrow);
  });
}

function classify(device: RiscvIommu, level: number, word: bigint, narrow: boolean): 0 | 1 | 2 | 3 {
  if ((word & 1n) === 0n) return 0;
  const hi = hiOf(word);
  const lo = loOf(word);
  if (malformed(hi, lo, reservedHi(device.state.config.capabilities))) return 3;
  const napot = word >> 63n === 1n;
  if (!isPage(word))
    return level === 0 || napot || (word & 0xd0n) !== 0n || ((word >> 61n) & 3n) !== 0n ? 3 : 1;
  if (napot) return level === 0 && ((word >> 10n) & 0xfn) === 8n ? 2 : 3;
  return ((word >> 10n) & ((1n << BigInt((narrow ? 10 : 9) * level)) - 1n)) === 0n ? 2 : 3;
}

const allows = (word: bigint): string =>
  ['R', 'W', 'X', 'U'].filter((_, n) => ((word >> BigInt(n + 1)) & 1n) === 1n).join('');

function tableTitle({ level, index, stage, forLevel }: MemoryReadEvent): string {
  const entry = `evel ${level + 1} entry ${index}`;
  if (stage === undefined) return `L${entry}`;
  if (stage === 1) return `First stage, l${entry}`;
  const whose = forLevel === undefined ? 'the page' : `the level ${forLevel + 1} table`;
  return `Second stage for ${whose}, l${entry}`;
}

/** `0000:01:00.0` → device_id: bus, device and function in 16 bits. */
function ridOf(name: string): number {
  const [bus = '0', rest = '0'] = name.split(':').slice(-2);
  const [device = '0', fn = '0'] = rest.split('.');
  return (parseInt(bus, 16) << 8) | (parseInt(device, 16) << 3) | Number(fn);
}
