import { aboutOf, type About } from './about';

/**
 * Small scenes on shelves. One file a scene, a scenario script whose first lines say where it belongs and what it shows, its tags, and how
 * difficult it is:
 *
 *   # VT-d 3 · Nested: the guest's own table, on top of the host's
 *   # tags: nesting, invalidation
 *   # difficulty: expert
 */
export interface ShelfScene extends About {
  /** The file's name without its end. */
  readonly id: string;
  /** `VT-d 3` */
  readonly label: string;
  readonly title: string;
  /** The whole file. */
  readonly script: string;
}

export interface SceneShelf {
  /** As the labels of its scenes begin. */
  readonly word: string;
  readonly title: string;
  readonly scenes: readonly ShelfScene[];
}

/** Scenes on their shelves, in the order of their numbers. `files`: scripts by path. */
export function shelvesOf(
  shelves: readonly Omit<SceneShelf, 'scenes'>[],
  files: Readonly<Record<string, string>>,
): readonly SceneShelf[] {
  const scenes = Object.entries(files).map(([path, script]) => parseShelfScene(path, script));
  const inOrder = scenes.toSorted((a, b) => numberOf(a) - numberOf(b));
  return shelves.map((shelf) => ({
    ...shelf,
    scenes: inOrder.filter(({ label }) => label.startsWith(`${shelf.word} `)),
  }));
}

/** 3 of `VT-d 3`. */
export function numberOf({ label }: Pick<ShelfScene, 'label'>): number {
  return Number(label.split(' ')[1]);
}

export function parseShelfScene(path: string, script: string): ShelfScene {
  const id = path.replace(/^.*\//, '').replace(/\.iommu$/, '');
  const [first = ''] = script.split('\n', 1);
  const match = /^#\s*([A-Za-z0-9-]+ \d+) · (.+?)\s*$/.exec(first);
  return { id, label: match?.[1] ?? '', title: match?.[2] ?? id, ...aboutOf(script), script };
}
