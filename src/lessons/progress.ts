import { keep, readKept } from '../gallery/kept';
import type { Begun } from './evidence';

/** How far the learner has come in each lesson, and the script that was left there. */
export interface Progress {
  /** The step where the learner is; as many as there are steps: at the end. */
  readonly at: number;
  /** Steps whose checks were met. */
  readonly done: readonly number[];
  /** The learner's own script; null: it was too long to keep. */
  readonly script: string | null;
  /** How the step began: what counts as new since then. */
  readonly begun: Begun | null;
}

export type AllProgress = Readonly<Record<string, Progress>>;

const KEY = 'iommu-playground-lessons';
const LONGEST = 20_000;

export function readProgress(): AllProgress {
  const kept = readKept(KEY);
  if (typeof kept !== 'object' || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).flatMap(([id, value]) => {
      const progress = parseProgress(value);
      return progress === null ? [] : [[id, progress]];
    }),
  );
}

export function keepProgress(all: AllProgress): void {
  const short = Object.entries(all).map(([id, progress]) => [
    id,
    (progress.script?.length ?? 0) > LONGEST ? { ...progress, script: null, begun: null } : progress,
  ]);
  keep(KEY, Object.fromEntries(short));
}

export function parseProgress(value: unknown): Progress | null {
  if (typeof value !== 'object' || value === null) return null;
  const { at, done, script, begun } = value as Record<string, unknown>;
  if (typeof at !== 'number' || !Number.isInteger(at) || at < 0 || !Array.isArray(done)) return null;
  const started = parseBegun(begun);
  const whole = typeof script === 'string' && started !== null;
  return {
    at,
    done: done.filter((step): step is number => Number.isInteger(step)),
    script: whole ? script : null,
    begun: whole ? started : null,
  };
}

function parseBegun(value: unknown): Begun | null {
  if (typeof value !== 'object' || value === null) return null;
  const { lines, outcomes } = value as Record<string, unknown>;
  return isTexts(lines) && isTexts(outcomes) ? { lines, outcomes } : null;
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
