import { loadScenes } from '../gallery';

/** Scripts of the gallery by the names of their files. The shelves are large: they come when a scene of theirs is asked for. */
export async function galleryScript(id: string): Promise<string | null> {
  const scene = (await loadScenes()).find((each) => each.id === id);
  if (scene !== undefined) return scene.script;
  const all = await loadShelves();
  return all.find((each) => each.id === id)?.script ?? null;
}

/** The name of a scene that is in the gallery to the letter, else null. */
export async function galleryIdOf(script: string): Promise<string | null> {
  const same = script.trimEnd();
  const all = [...(await loadScenes()), ...(await loadShelves())];
  return all.find((each) => each.script.trimEnd() === same)?.id ?? null;
}

interface Named {
  readonly id: string;
  readonly script: string;
}

async function loadShelves(): Promise<readonly Named[]> {
  const [{ threads }, { groupShelves }, { iommuShelves }, { trafficShelves }] = await Promise.all([
    import('../gallery/rows'),
    import('../gallery/groups'),
    import('../gallery/iommus'),
    import('../gallery/traffic'),
  ]);
  return [
    ...threads.flatMap(({ rows }) => rows),
    ...[...groupShelves, ...iommuShelves, ...trafficShelves].flatMap(({ scenes }) => scenes),
  ];
}
