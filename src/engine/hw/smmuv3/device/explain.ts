import { hex } from '../../../../lib/u64';
import type { CacheEvent, FaultEvent, MemoryReadEvent, TraceEvent } from '../../../trace/event';
import { eventOfEntry } from '../../common/peek';
import type { AddressField, TableOfStep, WalkStep } from '../../common/view';
import {
  classifyDescriptor,
  decodeCd,
  decodeDescriptor,
  decodeL1Cd,
  decodeL1Std,
  decodeSte,
  leafSize,
} from '../describe';
import { eventLines } from '../kernel-log';
import { F_ACCESS, F_PERMISSION, F_TRANSLATION, isTranslationFault, reasonWhy } from '../reasons';
import { FOR_CD } from './descent';
import type { SmmuV3 } from './device';

const CACHES: Readonly<Record<string, string>> = {
  ste: 'STE cache',
  cd: 'CD cache',
  iotlb: 'TLB',
  walk: 'Walk cache',
  stage2: 'Stage 2 of tables',
};

const NOTHING = {
  stage: null,
  level: 0,
  forLevel: null,
  index: null,
  pa: null,
  words: [],
  fields: [],
  occupancy: null,
} as const;

/** The unit's reads and cache look-ups among the events of one request, in words. */
export function explainSmmu(device: SmmuV3, events: readonly TraceEvent[]): readonly WalkStep[] {
  const steps: WalkStep[] = [];
  for (const event of events) {
    if (event.kind === 'cache' && (event.op === 'hit' || event.op === 'miss'))
      steps.push(cacheStep(event, event.op));
    if (event.kind === 'read')
      steps.push(event.structure === 'table' ? tableStep(device, event) : entryStep(event));
  }
  return steps;
}

const cacheStep = (event: CacheEvent, outcome: 'hit' | 'miss'): WalkStep => ({
  ...NOTHING,
  kind: 'cache',
  structure: event.cache,
  outcome,
  title: `${CACHES[event.cache] ?? event.cache}: ${event.tag}`,
});

/** Stream table entries and context descriptors. */
function entryStep({ structure, index, pa, words }: MemoryReadEvent): WalkStep {
  const first = words[0] ?? 0n;
  const step = { ...NOTHING, kind: 'read', structure, index, pa, words } as const;
  switch (structure) {
    case 'l1-std': {
      const found = (first & 0x1fn) !== 0n;
      return {
        ...step,
        outcome: found ? 'table' : 'fault',
        title: 'Level 1 stream table descriptor',
        fields: decodeL1Std(words),
      };
    }
    case 'ste': {
      const passes = (first & 1n) !== 0n && (first & 8n) !== 0n;
      return {
        ...step,
        outcome: passes ? 'table' : 'fault',
        title: 'Stream table entry',
        fields: decodeSte(words),
      };
    }
    case 'l1-cd': {
      const valid = (first & 1n) !== 0n;
      return {
        ...step,
        outcome: valid ? 'table' : 'fault',
        title: 'Level 1 context descriptor',
        fields: decodeL1Cd(words),
      };
    }
    default: {
      const valid = ((first >> 31n) & 1n) !== 0n;
      return {
        ...step,
        outcome: valid ? 'table' : 'fault',
        title: 'Context descriptor',
        fields: decodeCd(words),
      };
    }
  }
}

const OUTCOMES = ['fault', 'table', 'leaf', 'fault'] as const;

function tableStep(device: SmmuV3, event: MemoryReadEvent, alone = singleStage(device)): WalkStep {
  const { index, pa, words, stage, forLevel, granuleLg2 = 12 } = event;
  const level = 3 - event.level;
  const word = words[0] ?? 0n;
  const of = stage ?? alone;
  const what = classifyDescriptor(level, granuleLg2, word);
  const entries = device.walker.entriesOf(of, level, granuleLg2);
  return {
    kind: 'read',
    structure: 'table',
    stage: stage ?? null,
    outcome: tooLarge(device, what, level, granuleLg2) ? 'fault' : OUTCOMES[what],
    level: event.level + 1,
    forLevel: stage === 2 ? (forLevel === undefined ? 0 : forLevel === FOR_CD ? FOR_CD : forLevel + 1) : null,
    title: `Stage ${of} level ${level} descriptor${what === 2 ? `, ${leafSize(level, granuleLg2)}` : ''}`,
    index,
    pa,
    words,
    fields: decodeDescriptor(of, level, granuleLg2, word),
    ...(what === 1 || what === 2 ? { allows: allows(of, what === 2, word) } : {}),
    permissions: of === 1 ? 'RWXU' : 'RWX',
    ...(what === 2 ? { sizeLg2: leafLg2(level, granuleLg2, word) } : {}),
    reading: `stage ${of}, granule ${granuleLg2}, ${entries} entries`,
    occupancy: occupancyOf(device, pa - index * 8, level, { granuleLg2, entries }),
  };
}

const bit = (word: bigint, at: bigint): boolean => ((word >> at) & 1n) === 1n;

/**
 * Of a page: AP[2], or S2AP, and XN; one that the dirty bit modifier lets become writable counts as writable. Of a table: what
 * APTable and XNTable leave; AP[1] and APTable[0] are about unprivileged requests. Spec: Arm ARM, D8.4 "Memory access control"
 */
function allows(stage: 1 | 2, leaf: boolean, word: bigint): string {
  const unless = (denied: boolean, name: string): string => (denied ? '' : name);
  if (!leaf && stage === 2) return 'RWX';
  if (!leaf)
    return `R${unless(bit(word, 62n), 'W')}${unless(bit(word, 60n), 'X')}${unless(bit(word, 61n), 'U')}`;
  const write = (stage === 1 ? !bit(word, 7n) : bit(word, 7n)) || bit(word, 51n);
  const read = stage === 1 || bit(word, 6n);
  const user = stage === 1 && bit(word, 6n);
  return `${unless(!read, 'R')}${unless(!write, 'W')}${unless(bit(word, 54n), 'X')}${unless(!user, 'U')}`;
}

/** Entries that the Contiguous bit joins, log2. Spec: Arm ARM, D8.7 "The Contiguous bit" */
const joinedLg2 = (level: number, granuleLg2: number): number =>
  granuleLg2 === 12 ? 4 : granuleLg2 === 14 && level === 3 ? 7 : 5;

const leafLg2 = (level: number, granuleLg2: number, word: bigint): number =>
  granuleLg2 + (3 - level) * (granuleLg2 - 3) + (bit(word, 52n) ? joinedLg2(level, granuleLg2) : 0);

/** Another descriptor of a table that was read, as memory has it now. */
export function peekSmmu(device: SmmuV3, table: TableOfStep, index: number): WalkStep | null {
  const [, of, granule, entries] = READING.exec(table.reading ?? '') ?? [];
  const event = index < Number(entries) ? eventOfEntry(device.state.reader.memory, table, index) : null;
  return event && tableStep(device, { ...event, granuleLg2: Number(granule) }, of === '2' ? 2 : 1);
}
const READING = /^stage ([12]), granule (\d+), (\d+) entries$/;

/** Blocks of 4 TiB are for 52-bit addresses. */
const tooLarge = ({ state }: SmmuV3, what: number, level: number, granuleLg2: number): boolean =>
  what === 2 && level === 1 && granuleLg2 === 16 && state.config.oas < 52;

/** Where there is one stage, the event does not say which: the last stream that was served knows. */
const singleStage = (device: SmmuV3): 1 | 2 => (device.walker.servedStage2Alone ? 2 : 1);

/** A cell an entry of the table, as WalkStep has it; null where it is no memory. */
function occupancyOf(
  device: SmmuV3,
  tablePa: number,
  level: number,
  { granuleLg2, entries }: { readonly granuleLg2: number; readonly entries: number },
): Uint8Array | null {
  const { memory } = device.state.reader;
  const cells = new Uint8Array(entries);
  for (let n = 0; n < cells.length; n++) {
    const [lo, hi] = [memory.load32(tablePa + n * 8), memory.load32(tablePa + n * 8 + 4)];
    if (lo === null || hi === null) return null;
    cells[n] = classifyDescriptor(level, granuleLg2, BigInt(lo >>> 0) | (BigInt(hi >>> 0) << 32n));
  }
  return cells;
}

/** How addresses are cut. */
export interface AddressShape {
  readonly granuleLg2: number;
  readonly inputBits: number;
  /** Architectural; of stage 2 with concatenated tables lower than the width asks for. Default: as few levels as will do. */
  readonly startLevel?: number;
}

/**
 * An address cut into the indices of a walk, highest first, offset last. Labels have the architecture's levels (3 holds only
 * leaves), `level` counts from 1 as elsewhere; `leafLevel` too: what is below it is offset.
 */
export function addressFieldsOf(
  iova: bigint,
  leafLevel: number | null,
  shape: AddressShape,
): readonly AddressField[] {
  const { granuleLg2, inputBits } = shape;
  const stride = granuleLg2 - 3;
  const start = shape.startLevel ?? 4 - Math.ceil((inputBits - granuleLg2) / stride);
  const last = 4 - (leafLevel ?? 1);
  const fields: AddressField[] = [];
  for (let level = start; level <= last; level++) {
    const shift = granuleLg2 + (3 - level) * stride;
    const bits = level === start ? inputBits - shift : stride;
    const value = Number((iova >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n));
    fields.push({ label: `level ${level}`, level: 4 - level, bits, value });
  }
  const bits = granuleLg2 + (3 - last) * stride;
  return [...fields, { label: 'offset', level: 0, bits, value: Number(iova & ((1n << BigInt(bits)) - 1n)) }];
}

/** Why a request was refused, in one sentence, by its event and the steps that led there. */
export function whyFault(fault: FaultEvent, steps: readonly WalkStep[]): string {
  const why = reasonWhy(fault.reason);
  if (!isTranslationFault(fault.reason)) return why;
  const second = fault.words?.[1] ?? 0n;
  const stage2 = ((second >> 39n) & 1n) === 1n;
  const cls = Number((second >> 40n) & 3n);
  const ipa = (fault.words?.[3] ?? 0n) & ~0xfffn;
  const where = stage2
    ? `stage 2, at IPA ${hex(ipa)}${[', where the context descriptor lies', ', where a stage 1 table lies', ''][cls] ?? ''}`
    : null;
  const last = steps.filter((step) => step.kind === 'read' && step.structure === 'table').at(-1);
  const there = last === undefined ? '' : ` (${last.title}, entry ${last.index ?? 0})`;
  switch (fault.reason) {
    case F_TRANSLATION:
      return last?.outcome === 'fault'
        ? `${why}${where === null ? '' : `: ${where}`}${there}`
        : `the address lies outside what the tables translate${where === null ? '' : `: ${where}`}`;
    case F_ACCESS:
    case F_PERMISSION:
      return `${why}${where === null ? '' : `: ${where}`}${there}`;
    default:
      return where === null ? why : `${why}: ${where}`;
  }
}

/** What the kernel prints for a recorded event, lines joined; empty where nothing was recorded. */
export function kernelLinesOf(device: SmmuV3, fault: FaultEvent): string {
  if (!fault.recorded || fault.words === undefined) return '';
  return eventLines(device.state.config.device, fault.words, fault.device).join('\n');
}
