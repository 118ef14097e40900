import { hiOf, loOf } from '../../../../lib/u64';
import type { CacheEvent, FaultEvent, MemoryReadEvent, TraceEvent } from '../../../trace/event';
import { formatBdf } from '../../common/bdf';
import { eventOfEntry } from '../../common/peek';
import type { TableOfStep, WalkStep } from '../../common/view';
import { NO_PASID } from '../../port';
import {
  decodeContextEntry,
  decodeFirstStageEntry,
  decodeIrte,
  decodePasidDirectoryEntry,
  decodePasidEntry,
  decodeRootEntry,
  decodeScalableContextEntry,
  decodeScalableRootEntry,
  decodeSecondStageEntry,
  faultLine,
} from '../describe';
import {
  FS_NOT_PRESENT,
  NO_READ,
  NO_WRITE,
  reasonWhy,
  SM_NO_READ,
  SM_NO_WRITE,
  SS_NOT_PRESENT,
} from '../reasons';
import { TTM_SCALABLE } from '../regs';
import { PGTT_FIRST, PGTT_NESTED, SSADE } from '../structs';
import type { VtdDevice } from './device';
import { hasStaleContext, tableOccupancy } from './inspect';
import { PE_FLAGS, PE_SSADE, PE_TYPE } from './pasid-cache';
import { pasidTag } from './tags';

const PAGE_BYTES = 4096;

/** What is known of the PASID entry that a request goes by. */
interface Tables {
  readonly type: number;
  readonly accessDirty: boolean;
}

const SECOND_ALONE: Tables = { type: 0, accessDirty: false };

/** The hardware's reads and cache look-ups among the events of one request, in words. */
export function explainVtd(device: VtdDevice, events: readonly TraceEvent[]): readonly WalkStep[] {
  const steps: WalkStep[] = [];
  let tables = SECOND_ALONE;
  for (const event of events) {
    tables = tablesAfter(device, event, tables);
    const step =
      event.kind === 'cache'
        ? cacheStep(device, event)
        : event.kind === 'read'
          ? readStep(device, event, tables)
          : null;
    if (step !== null) steps.push(step);
  }
  // What the hardware read last is what it refused over.
  const last = steps.at(-1);
  const refused = events.some((event) => event.kind === 'fault');
  return refused && last?.kind === 'read' ? [...steps.slice(0, -1), { ...last, outcome: 'fault' }] : steps;
}

/** Why a request was refused, and what the kernel prints for it. */
export function explainVtdFault(
  device: VtdDevice,
  fault: FaultEvent,
  steps: readonly WalkStep[],
): { readonly why: string; readonly kernelLine: string } {
  const pasid = fault.pasid ?? NO_PASID;
  const kernelLine = faultLine(ridOf(fault.device), fault.access, fault.iova & ~0xfffn, fault.reason, pasid);
  return { why: whyFault(device, fault, steps), kernelLine };
}

/** A fault in words; where the reason alone leaves it open, what the walk read tells more. */
export function whyFault(device: VtdDevice, fault: FaultEvent, steps: readonly WalkStep[]): string {
  const why = whyRefused(fault, steps);
  return hasStaleContext(device, fault.device) ? `${staleContext(fault.device)} ${why}` : why;
}

/** Linux: intel/pasid.c intel_context_flush_no_pasid(), called for every alias by domain_context_clear_one() */
const staleContext = (requester: string): string =>
  `The unit goes by the context entry of ${requester} that it cached before the group moved: that is an alias, and the kernel's invalidation names the device's own requester id.`;

const ABOUT_PERMISSION = new Set([
  NO_READ,
  NO_WRITE,
  SM_NO_READ,
  SM_NO_WRITE,
  SS_NOT_PRESENT,
  FS_NOT_PRESENT,
]);

function whyRefused(fault: FaultEvent, steps: readonly WalkStep[]): string {
  if (!ABOUT_PERMISSION.has(fault.reason)) return `${sentence(reasonWhy(fault.reason))}.`;
  const last = steps.findLast((step) => step.structure === 'table');
  const first = fault.reason === FS_NOT_PRESENT;
  const permissions = first ? 1n : 3n;
  if (last === undefined || ((last.words[0] ?? 0n) & permissions) === 0n) {
    return nothingMapped(last);
  }
  const what = fault.access === 'read' ? 'reading' : 'writing';
  return `The page is mapped, but not for ${what}: the table's permissions do not allow it.`;
}

/** A nested walk may end over an address that the guest never chose. */
function nothingMapped(last: WalkStep | undefined): string {
  const level = last?.level ?? 1;
  if (last?.stage === 1)
    return `Nothing is mapped at this IOVA: the first-stage level ${level} entry is empty.`;
  if (last?.stage !== 2) return `Nothing is mapped at this IOVA: the level ${level} entry is empty.`;
  const whose = last.forLevel === 0 ? 'the page' : `the first-stage table of level ${last.forLevel ?? 0}`;
  return `The second stage maps nothing at the guest-physical address of ${whose}: its level ${level} entry is empty.`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function tablesAfter(device: VtdDevice, event: TraceEvent, before: Tables): Tables {
  if (event.kind === 'cache' && event.cache === 'context') return SECOND_ALONE;
  if (event.kind === 'read' && event.structure === 'pasid') {
    const lo = loOf(event.words[0] ?? 0n);
    return { type: (lo >>> 6) & 7, accessDirty: (lo & SSADE) !== 0 };
  }
  if (event.kind !== 'cache' || event.cache !== 'pasid' || event.op !== 'hit') return before;
  const { pasidCache, config } = device.state;
  for (const at of pasidCache.rows()) {
    const name = pasidTag(formatBdf(config.segment, pasidCache.tagAt(at)), pasidCache.pasidAt(at));
    if (name !== event.tag) continue;
    const flags = pasidCache.entries[at + PE_FLAGS] as number;
    return { type: pasidCache.entries[at + PE_TYPE] as number, accessDirty: (flags & PE_SSADE) !== 0 };
  }
  return before;
}

const CACHE_NAMES: Readonly<Record<string, string>> = {
  context: 'Context cache',
  pasid: 'PASID cache',
  iotlb: 'IOTLB',
  'paging-structure': 'Paging-structure cache',
  interrupt: 'Interrupt entry cache',
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

function cacheStep(device: VtdDevice, { cache, op, tag }: CacheEvent): WalkStep | null {
  if (op !== 'hit' && op !== 'miss') return null;
  const name = CACHE_NAMES[cache];
  if (name === undefined) return null;
  const stale = cache === 'context' && op === 'hit' && hasStaleContext(device, tag);
  const title = `${name} ${op}: ${tag}${stale ? ', stale' : ''}`;
  return { ...NOTHING_READ, kind: 'cache', structure: cache, outcome: op, title };
}

const hex2 = (value: number): string => value.toString(16).padStart(2, '0');

function readStep(device: VtdDevice, event: MemoryReadEvent, tables: Tables): WalkStep | null {
  const { structure, index, pa, words } = event;
  if (structure === 'table') return tableStep(device, event, tables);
  const read = { ...NOTHING_READ, kind: 'read', structure, outcome: 'table', index, pa, words } as const;
  const scalable = device.state.rootMode === TTM_SCALABLE;
  switch (structure) {
    case 'root': {
      const fields = scalable ? decodeScalableRootEntry(words) : decodeRootEntry(words);
      return { ...read, title: `Root entry of bus ${hex2(index)}`, fields };
    }
    case 'context': {
      const fields = scalable ? decodeScalableContextEntry(words) : decodeContextEntry(words);
      // The upper half of a bus has a table of its own, which counts from 0 again.
      const title = scalable
        ? `Context entry ${index} of its half of the bus`
        : `Context entry of device ${hex2(index >> 3)}.${index & 7}`;
      return { ...read, title, fields };
    }
    case 'pasid-dir':
      return { ...read, title: `PASID directory entry ${index}`, fields: decodePasidDirectoryEntry(words) };
    case 'pasid':
      return { ...read, title: `PASID entry ${index} of its table`, fields: decodePasidEntry(words) };
    case 'irte':
      return { ...read, title: `Interrupt-remapping entry ${index}`, fields: decodeIrte(words) };
    default:
      return null;
  }
}

function tableStep(device: VtdDevice, event: MemoryReadEvent, tables: Tables): WalkStep {
  const { level, index, pa, words, stage, forLevel } = event;
  const word = words[0] ?? 0n;
  const first = stage === 1 || (stage === undefined && tables.type === PGTT_FIRST);
  const rules = first ? device.walks.firstRules : device.rules;
  const kind = rules.classify(level, hiOf(word), loOf(word));
  const nested = tables.type === PGTT_NESTED;
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
    fields: first
      ? decodeFirstStageEntry(level, word, nested)
      : decodeSecondStageEntry(level, word, tables.accessDirty),
    allows: first
      ? firstStageAllows(word)
      : `${(word & 1n) === 0n ? '' : 'R'}${(word & 2n) === 0n ? '' : 'W'}`,
    permissions: first ? 'RWXU' : 'RW',
    ...(kind === 2 ? { sizeLg2: 12 + 9 * level } : {}),
    reading: readingOf(first, tables),
    occupancy: tableOccupancy(device, Math.floor(pa / PAGE_BYTES) * PAGE_BYTES, level, first),
  };
}

function firstStageAllows(word: bigint): string {
  if ((word & 1n) === 0n) return '';
  return `R${(word & 2n) === 0n ? '' : 'W'}${word >> 63n === 1n ? '' : 'X'}${(word & 4n) === 0n ? '' : 'U'}`;
}

const readingOf = (first: boolean, { type, accessDirty }: Tables): string =>
  first ? (type === PGTT_NESTED ? 'first, nested' : 'first') : accessDirty ? 'second, A/D' : 'second';

/** Another entry of a table that was read, as memory has it now. */
export function peekVtd(device: VtdDevice, table: TableOfStep, index: number): WalkStep | null {
  const event = eventOfEntry(device.state.memory, table, index);
  if (event === null || index >= 512) return null;
  const { stage, reading = '' } = table;
  const first = reading.startsWith('first');
  const nested = reading === 'first, nested' || stage === 2;
  return tableStep(device, event, {
    type: nested ? PGTT_NESTED : first ? PGTT_FIRST : 0,
    accessDirty: reading === 'second, A/D',
  });
}

function tableTitle({ level, index, stage, forLevel }: MemoryReadEvent): string {
  const entry = `evel ${level + 1} entry ${index}`;
  if (stage === undefined) return `L${entry}`;
  if (stage === 1) return `First stage, l${entry}`;
  const whose = forLevel === undefined ? 'the page' : `the level ${forLevel + 1} table`;
  return `Second stage for ${whose}, l${entry}`;
}

/** `0000:01:00.0` → bus, device and function in 16 bits. */
function ridOf(name: string): number {
  const [bus = '0', rest = '0'] = name.split(':').slice(-2);
  const [device = '0', fn = '0'] = rest.split('.');
  return (parseInt(bus, 16) << 8) | (parseInt(device, 16) << 3) | Number(fn);
}
