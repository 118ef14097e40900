import type { Lookup, LookupPart, WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { hex } from '../../lib/u64';
import { cacheWords, isTableCache, levelNumber, structureWords } from '../../words/hardware';
import * as says from '../../words/canvas/animation';

/** A place where the token stops. */
export type Stop =
  | { readonly kind: 'device' }
  | { readonly kind: 'context' }
  | { readonly kind: 'iotlb' }
  | {
      readonly kind: 'level';
      readonly level: number;
      /** 2: of the table that lies under a nested one. */ readonly stage: 1 | 2 | null;
    }
  | { readonly kind: 'memory' }
  /** Another device, by way of bridges alone. */
  | { readonly kind: 'peer' };

export interface Label {
  readonly text: string;
  /** `past`: it arrived, and should give one pause. */
  readonly tone: 'plain' | 'ok' | 'fault' | 'past';
}

/**
 * One step of the playback as the canvas shows it. A look-up has as many beats as the store counts steps: one a step
 * of the hardware, and one for a part that passed untranslated.
 */
export interface Beat {
  readonly part: number;
  /** The first of its part: the token sets out from the device. */
  readonly first: boolean;
  /** Where the hardware looks; null where it did not look at all. */
  readonly stop: Stop | null;
  readonly step: WalkStep | null;
  /** How the part ends, on its last beat. */
  readonly end: 'memory' | 'fault' | null;
  /** Goes straight from the IOTLB to memory: nothing was walked. */
  readonly shortCut: boolean;
  readonly label: Label;
  /** Said when the part has ended. */
  readonly endLabel: Label | null;
}

type Vendor = IommuObject['vendor'];

/** `vendor`: of the unit, whose document numbers the levels. */
export const beatsOf = (lookup: Lookup, vendor: Vendor = 'generic'): readonly Beat[] =>
  lookup.parts.flatMap((part, i) => beatsOfPart(part, i, vendor));

function beatsOfPart(part: LookupPart, index: number, vendor: Vendor): readonly Beat[] {
  const end = part.fault ? 'fault' : part.pa === null ? null : 'memory';
  const endLabel = endLabelOf(part);
  if (part.peer) {
    const label: Label = { text: says.pastTheIommu, tone: 'past' };
    const stop = { kind: 'peer' } as const;
    return [{ part: index, first: true, stop, step: null, end: null, shortCut: false, label, endLabel }];
  }
  if (part.steps.length === 0) {
    const label: Label = {
      text: part.fault ? 'blocked' : says.notTranslated,
      tone: part.fault ? 'fault' : 'plain',
    };
    return [{ part: index, first: true, stop: null, step: null, end, shortCut: true, label, endLabel }];
  }
  return part.steps.map((step, i) => {
    const last = i === part.steps.length - 1;
    return {
      part: index,
      first: i === 0,
      stop: stopOf(step, part.steps[i - 1]),
      step,
      end: last ? end : null,
      shortCut: last && (part.from === 'iotlb' || part.from === 'device-tlb'),
      label: {
        text: labelOf(step, nextRead(part, i), part, vendor),
        tone: step.outcome === 'fault' ? 'fault' : 'plain',
      },
      endLabel: last ? endLabel : null,
    };
  });
}

function stopOf(step: WalkStep, before: WalkStep | undefined): Stop {
  // In the middle of a walk, a cache of table entries is on the way: nothing turns back for it.
  if (isMidWalk(step) && before !== undefined && isTable(before)) return stopOf(before, undefined);
  if (step.kind === 'cache' && isTableCache(step.structure)) return { kind: 'iotlb' };
  if (isTable(step)) return { kind: 'level', level: step.level, stage: step.stage };
  // The device has its own translations with it.
  return step.structure === 'device-tlb' ? { kind: 'device' } : { kind: 'context' };
}

const isMidWalk = (step: WalkStep): boolean =>
  step.kind === 'cache' && isTableCache(step.structure) && step.structure !== 'iotlb';
const isIotlb = (step: WalkStep): boolean => step.kind === 'cache' && step.structure === 'iotlb';
const isTable = (step: WalkStep): boolean => step.kind === 'read' && step.structure === 'table';

/** The read of memory that follows, past look-ups in caches. */
const nextRead = (part: LookupPart, after: number): WalkStep | null =>
  part.steps.slice(after + 1).find((s) => s.kind === 'read') ?? null;

/** `L3 [1] → table 0x10a31000`: what was read, and what it led to. */
function labelOf(step: WalkStep, next: WalkStep | null, part: LookupPart, vendor: Vendor): string {
  if (isIotlb(step))
    return step.outcome === 'hit' && part.pa !== null ? says.iotlbHit(hex(part.pa)) : `IOTLB ${step.outcome}`;
  if (step.kind === 'cache') return `${cacheWords(step.structure).name} ${step.outcome}`;
  const name = isTable(step)
    ? `${step.stage === null ? '' : `S${step.stage} `}L${levelNumber(vendor, step.level)}`
    : structureWords(step.structure).name;
  const what = `${name}${step.index === null ? '' : ` [${step.index}]`}`;
  if (step.outcome === 'fault') return `${what} → fault`;
  if (step.outcome === 'leaf')
    return part.pa === null ? `${what} → leaf` : says.leaf(what, hex(pageOf(part)));
  // An entry's target is where the next read of the walk went.
  const target = next?.pa == null ? '' : ` ${hex(next.pa - (next.pa % 4096))}`;
  return `${what} → ${next && !isTable(next) ? structureWords(next.structure).name : 'table'}${target}`;
}

const pageOf = (part: LookupPart): number => (part.pa ?? 0) - ((part.pa ?? 0) % 4096);

function endLabelOf(part: LookupPart): Label | null {
  if (part.fault) return { text: `${hex(part.iova)} ✕ ${part.fault.name}`, tone: 'fault' };
  if (part.peer)
    return {
      text: says.reachedPastTheIommu(part.peer.deviceId.replace(/^dev:(?:0000:)?/, '')),
      tone: 'past',
    };
  return part.pa === null ? null : { text: `PA ${hex(part.pa)}`, tone: 'ok' };
}

/** Levels of the table that was walked: the IOVA's index fields, else the deepest level read. */
export const levelsOf = (lookup: Lookup): number =>
  Math.max(
    1,
    ...lookup.parts.flatMap((p) => [
      ...p.address.map((f) => f.level),
      ...p.steps.filter((s) => s.stage !== 2).map((s) => s.level),
    ]),
  );
