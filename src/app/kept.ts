import { useApp } from '../store';
import type { AppState, Branch } from '../store/types';
import type { Breakpoint } from '../worker/timeline/breaks';
import { readSaved, save } from './saved';

/** What outlives a reload of this tab beside the link: the futures of the scene that were left, and where playing stops. */
export interface Kept {
  /** Of this scene alone. */
  readonly script: string;
  readonly branches: readonly Omit<Branch, 'id'>[];
  readonly breakpoints: readonly Breakpoint[];
}

const KEY = 'iommu-playground-session';
/** A tab's storage holds some five million characters; undo after a crash needs two of them. */
const MOST_CHARS = 1_000_000;
const WRITE_MS = 500;

/** Of branches the newest that fit. */
export function keptOf({ script, branches, breakpoints }: Pick<AppState, keyof Kept>): Kept {
  let left = MOST_CHARS - script.length;
  const last = branches.findIndex((branch) => (left -= branch.script.length) < 0);
  const fit = branches.slice(0, last < 0 ? undefined : last);
  return {
    script,
    branches: fit.map(({ script: text, forkedAt, cursor, lines }) => ({
      script: text,
      forkedAt,
      cursor,
      lines,
    })),
    breakpoints,
  };
}

/** Null: storage holds something else. */
export function parseKept(value: unknown): Kept | null {
  if (typeof value !== 'object' || value === null) return null;
  const { script, branches, breakpoints } = value as Record<string, unknown>;
  if (typeof script !== 'string' || !Array.isArray(branches) || !Array.isArray(breakpoints)) return null;
  return { script, branches: branches.filter(isBranch), breakpoints: breakpoints.filter(isBreakpoint) };
}

const isBranch = (value: unknown): value is Omit<Branch, 'id'> => {
  if (typeof value !== 'object' || value === null) return false;
  const { script, forkedAt, cursor, lines } = value as Record<string, unknown>;
  return typeof script === 'string' && [forkedAt, cursor, lines].every((each) => Number.isSafeInteger(each));
};

const isBreakpoint = (value: unknown): value is Breakpoint => {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, line, id } = value as Record<string, unknown>;
  if (kind === 'line') return Number.isSafeInteger(line);
  return kind === 'change'
    ? typeof id === 'string'
    : kind === 'fault' || kind === 'refusal' || kind === 'note';
};

function read(): Kept | null {
  try {
    return parseKept(JSON.parse(sessionStorage.getItem(KEY) ?? 'null'));
  } catch {
    return null;
  }
}

function write(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(keptOf(useApp.getState())));
  } catch {
    // Not kept, then.
  }
}

/** Brings back what belongs to the scene that is open, once it is; and keeps what comes. */
export function keepSession(): void {
  const kept = read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settled = false;
  /** The scene is there: it is the one of before the reload, or another. */
  const settle = (): void => {
    const { script, actions } = useApp.getState();
    if (settled || script === '') return;
    settled = true;
    if (kept?.script !== script) return;
    // Ids are given anew.
    if (kept.branches.length > 0) actions.restoreBranches(kept.branches.map((each) => ({ ...each, id: 0 })));
    if (kept.breakpoints.length > 0) actions.setBreakpoints(kept.breakpoints);
  };
  settle();
  useApp.subscribe((state, before) => {
    settle();
    const same =
      state.script === before.script &&
      state.branches === before.branches &&
      state.breakpoints === before.breakpoints;
    if (same || !settled) return;
    clearTimeout(timer);
    timer = setTimeout(write, WRITE_MS);
  });
  addEventListener('pagehide', () => {
    if (settled) write();
  });
}

/** Tree or table: remembered from visit to visit. */
export function keepOutline(): void {
  useApp.getState().actions.showOutlineAs(readSaved().outline);
  useApp.subscribe(({ outlineLook }, before) => {
    if (outlineLook !== before.outlineLook) save({ outline: outlineLook });
  });
}
