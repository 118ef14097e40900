import { linesOf, sceneTitle } from '../../store/script';

/** What a tab works on, as this browser keeps it. */
export interface Draft {
  readonly id: string;
  /** Given by a person; else it is called as its scene is. */
  readonly name: string | null;
  readonly script: string;
  readonly cursor: number;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

/** A draft as it was once. */
export interface Version {
  readonly id: string;
  readonly draftId: string;
  /** Given by a person, who wants it kept; null: made by the page, and thinned out in time. */
  readonly name: string | null;
  readonly script: string;
  readonly cursor: number;
  readonly at: number;
}

export const titleOf = ({ name, script }: Pick<Draft, 'name' | 'script'>): string | null =>
  name ?? sceneTitle(script);

export const linesIn = (script: string): number => linesOf(script).length;

/** Storage holds whatever somebody put there. */
export function parseDraft(value: unknown): Draft | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, name, script, cursor, savedAt } = value as Record<string, unknown>;
  if (typeof id !== 'string' || typeof script !== 'string' || !isCount(cursor) || !isCount(savedAt))
    return null;
  return { id, name: nameIn(name), script, cursor, savedAt };
}

export function parseVersion(value: unknown): Version | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, draftId, name, script, cursor, at } = value as Record<string, unknown>;
  if (typeof id !== 'string' || typeof draftId !== 'string' || typeof script !== 'string') return null;
  return isCount(cursor) && isCount(at) ? { id, draftId, name: nameIn(name), script, cursor, at } : null;
}

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;
const nameIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/**
 * Whether a script goes on from another one, or takes its place: a scene that is opened begins a draft of its own, and does not
 * bury the one that was there.
 */
export function goesOn(before: string, after: string): boolean {
  const [was, is] = [linesOf(before), linesOf(after)];
  const least = Math.min(was.length, is.length);
  let same = 0;
  while (same < least && was[same] === is[same]) same++;
  let tail = 0;
  while (tail < least - same && was[was.length - 1 - tail] === is[is.length - 1 - tail]) tail++;
  return same + tail >= least / 2 && same + tail > 0;
}

/** Made again in no time: not worth a draft before anything is done with it. */
export const isTiny = (script: string): boolean => linesIn(script) < 5;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MOST_AUTOMATIC = 40;

/** Versions that time has made needless: of the last half hour all are kept, then one an hour, then one a day. Named ones stay. */
export function needless(versions: readonly Version[], now: number): readonly Version[] {
  const kept = new Set<string>();
  let count = 0;
  return versions
    .filter(({ name }) => name === null)
    .toSorted((a, b) => b.at - a.at)
    .filter(({ id, at }) => {
      const age = now - at;
      const slot =
        age < HOUR / 2 ? id : age < DAY ? `hour ${Math.floor(at / HOUR)}` : `day ${Math.floor(at / DAY)}`;
      if (kept.has(slot) || count >= MOST_AUTOMATIC) return true;
      kept.add(slot);
      count++;
      return false;
    });
}

/** Whether it would only repeat what is kept. */
export const isKept = (versions: readonly Version[], script: string): boolean =>
  versions.some((version) => version.script === script);
