import { create } from 'zustand';
import { keep, readKept } from './kept';

/** Scenes that were opened on this computer. */
const KEY = 'iommu-playground-seen';

export const useSeen = create<{ readonly seen: ReadonlySet<string> }>()(() => ({
  seen: parseSeen(readKept(KEY)),
}));

export function markSeen(id: string): void {
  const { seen } = useSeen.getState();
  if (seen.has(id)) return;
  const next = new Set([...seen, id]);
  useSeen.setState({ seen: next });
  keep(KEY, [...next]);
}

/** Hoisted: the store above reads with it at once. */
export function parseSeen(kept: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(kept) ? kept.filter((id): id is string => typeof id === 'string') : []);
}
