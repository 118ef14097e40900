import { aboutOf, type About } from './about';

/**
 * Five threads of the kernel's mailing lists, row by row: what each discussion wanted to know, and what became of it. One
 * file a row in rows/, a scenario script whose first lines are its title, its tags, and how difficult it is:
 *
 *   # E4 · Two replaces at once, across each other
 *   # tags: replace, locks
 *   # difficulty: expert
 *
 * A row may have several files, where one machine cannot show all of it.
 */
export interface GalleryRow extends About {
  /** The file's name without its end. */
  readonly id: string;
  /** `E4` */
  readonly row: string;
  readonly title: string;
  /** The whole file. */
  readonly script: string;
}

export interface Thread {
  readonly letter: string;
  readonly year: number;
  readonly title: string;
  readonly rows: readonly GalleryRow[];
}

const THREADS = [
  { letter: 'A', year: 2011, title: 'Groups in sysfs' },
  { letter: 'B', year: 2021, title: 'Who owns DMA' },
  { letter: 'C', year: 2021, title: 'Attaching to an address space' },
  { letter: 'D', year: 2022, title: 'Replacing a group’s domain' },
  { letter: 'E', year: 2023, title: 'Device lists and the locking of replace' },
] as const;

const files = import.meta.glob<string>('./rows/*.iommu', { query: '?raw', import: 'default', eager: true });

/** All of them, in the order of their numbers. This module is large: it is for what is loaded late. */
export const threads: readonly Thread[] = threadsOf(
  Object.entries(files).map(([path, script]) => parseRow(path, script)),
);

export function threadsOf(rows: readonly GalleryRow[]): readonly Thread[] {
  const inOrder = rows.toSorted((a, b) => numberOf(a) - numberOf(b) || a.title.localeCompare(b.title));
  return THREADS.map((thread) => ({
    ...thread,
    rows: inOrder.filter(({ row }) => row.startsWith(thread.letter)),
  }));
}

function numberOf({ row }: GalleryRow): number {
  return Number(row.slice(1));
}

export function parseRow(path: string, script: string): GalleryRow {
  const id = path.replace(/^.*\//, '').replace(/\.iommu$/, '');
  const [first = ''] = script.split('\n', 1);
  const match = /^#\s*([A-E]\d+) · (.+?)\s*$/.exec(first);
  return { id, row: match?.[1] ?? '', title: match?.[2] ?? id, ...aboutOf(script), script };
}
