/**
 * The four real IOMMUs, each in a row of small scenes. One file a scene in iommus/, a scenario script whose first line says
 * where it belongs and what it shows:
 *
 *   # VT-d 3 · Nested: the guest's own table, on top of the host's
 */
export interface IommuScene {
  /** The file's name without its end. */
  readonly id: string;
  /** `VT-d 3` */
  readonly label: string;
  readonly title: string;
  /** The whole file. */
  readonly script: string;
}

export interface IommuShelf {
  /** As the labels of its scenes begin. */
  readonly word: string;
  readonly title: string;
  readonly scenes: readonly IommuScene[];
}

const SHELVES = [
  { word: 'Four', title: 'The same five lines on each' },
  { word: 'VT-d', title: 'Intel VT-d' },
  { word: 'AMD-Vi', title: 'AMD-Vi' },
  { word: 'SMMUv3', title: 'Arm SMMUv3' },
  { word: 'RISC-V', title: 'RISC-V IOMMU' },
] as const;

const files = import.meta.glob<string>('./iommus/*.iommu', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** All of them, in the order of their numbers. This module is large: it is for what is loaded late. */
export const iommuShelves: readonly IommuShelf[] = shelvesOf(
  Object.entries(files).map(([path, script]) => parseIommuScene(path, script)),
);

export function shelvesOf(scenes: readonly IommuScene[]): readonly IommuShelf[] {
  const inOrder = scenes.toSorted((a, b) => numberOf(a) - numberOf(b));
  return SHELVES.map((shelf) => ({
    ...shelf,
    scenes: inOrder.filter(({ label }) => label.startsWith(`${shelf.word} `)),
  }));
}

/** 3 of `VT-d 3`. */
export function numberOf({ label }: Pick<IommuScene, 'label'>): number {
  return Number(label.split(' ')[1]);
}

export function parseIommuScene(path: string, script: string): IommuScene {
  const id = path.replace(/^.*\//, '').replace(/\.iommu$/, '');
  const [first = ''] = script.split('\n', 1);
  const match = /^#\s*([A-Za-z0-9-]+ \d+) · (.+?)\s*$/.exec(first);
  return { id, label: match?.[1] ?? '', title: match?.[2] ?? id, script };
}
