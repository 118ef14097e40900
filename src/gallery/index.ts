import { aboutOf, headOf, type About } from './about';

/**
 * The gallery: one file a scene in scenes/, a scenario script that begins with comment lines about itself:
 *
 *   # title: Two functions, one group
 *   # summary: Why the audio half of a graphics card goes where the graphics go.
 *   # tags: groups, vfio
 *   # difficulty: beginner
 *   # order: 1
 *
 * `order` is where it stands; scenes without one come last, by title.
 */
export interface GalleryScene extends About {
  /** The file's name without its end. */
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly order: number;
  /** The whole file. */
  readonly script: string;
}

const files = import.meta.glob<string>('./scenes/*.iommu', { query: '?raw', import: 'default' });

/** All scenes, each file fetched when the gallery is first opened. */
export async function loadScenes(): Promise<readonly GalleryScene[]> {
  const scenes = await Promise.all(
    Object.entries(files).map(async ([path, load]) => parseScene(idOf(path), await load())),
  );
  return scenes.sort((a, b) => a.order - b.order || a.title.localeCompare(b.title));
}

const idOf = (path: string): string => path.replace(/^.*\//, '').replace(/\.iommu$/, '');

export function parseScene(id: string, script: string): GalleryScene {
  const head = headOf(script);
  return {
    id,
    title: head.get('title') ?? id,
    summary: head.get('summary') ?? '',
    ...aboutOf(script),
    order: Number(head.get('order') ?? Infinity),
    script,
  };
}
