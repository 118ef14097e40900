import type { OutlineLook, Tempo, ViewState } from '../store/types';

/** What the page remembers from visit to visit: how it is arranged, never what is in it. */
export interface Saved {
  readonly theme: ViewState['theme'];
  readonly tempo: Tempo;
  readonly following: boolean;
  readonly sideWidth: number;
  readonly dockHeight: number;
  readonly sideOpen: boolean;
  readonly dockOpen: boolean;
  /** Tab of the side panel. */
  readonly panel: string;
  readonly outline: OutlineLook;
  readonly reloadedAt: number;
  /** The page may be kept for use without a network. */
  readonly offline: boolean;
}

const KEY = 'iommu-playground';
const DEFAULTS: Saved = {
  theme: 'auto',
  tempo: 'walk',
  following: true,
  sideWidth: 408,
  dockHeight: 232,
  sideOpen: true,
  dockOpen: true,
  panel: 'object',
  outline: 'tree',
  reloadedAt: 0,
  offline: true,
};

/** Storage may be forbidden (frames, private windows) or hold anything: then the defaults are good. */
export function readSaved(): Saved {
  try {
    return parseSaved(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    return DEFAULTS;
  }
}

export function save(change: Partial<Saved>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readSaved(), ...change }));
  } catch {
    // Not remembered, then.
  }
}

/** Takes what is of the right type and leaves the rest at its default. */
export function parseSaved(stored: unknown): Saved {
  if (typeof stored !== 'object' || stored === null) return DEFAULTS;
  const entries = Object.entries(DEFAULTS).map(([key, fallback]) => {
    const value: unknown = Reflect.get(stored, key);
    return [key, typeof value === typeof fallback ? value : fallback];
  });
  const saved = Object.fromEntries(entries) as Saved;
  return {
    ...saved,
    theme: ['auto', 'light', 'dark'].includes(saved.theme) ? saved.theme : 'auto',
    outline: saved.outline === 'table' ? 'table' : 'tree',
    tempo: ['instant', 'walk', 'by-hand'].includes(saved.tempo) ? saved.tempo : 'walk',
  };
}
