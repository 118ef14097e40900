import type { About } from '../../gallery/about';
import { groupShelves } from '../../gallery/groups';
import { iommuShelves } from '../../gallery/iommus';
import { threads } from '../../gallery/rows';
import type { Findable } from '../../gallery/search';
import { numberOf, type SceneShelf } from '../../gallery/shelves';
import { trafficShelves } from '../../gallery/traffic';
import { GALLERY } from '../../words/panels/gallery';

/** A scene as the gallery lists it. */
export interface Entry extends About, Findable {
  readonly id: string;
  /** `VT-d 3`, `E4` */
  readonly label: string;
  /** Under its shelf's heading: `3`, `E4` */
  readonly shortLabel: string;
}

/** Rows under one heading. */
export interface Shelf {
  readonly id: string;
  /** Before the title; empty where that says it all. */
  readonly letter: string;
  readonly title: string;
  readonly year: number | null;
  readonly entries: readonly Entry[];
}

export interface Section {
  readonly title: string;
  readonly says: string;
  readonly shelves: readonly Shelf[];
}

const shelfOf = ({ word, title, scenes }: SceneShelf): Shelf => ({
  id: word,
  letter: '',
  title,
  year: null,
  entries: scenes.map((scene) => ({
    ...scene,
    shortLabel: String(numberOf(scene)),
    heading: [scene.label, title, scene.difficulty, ...scene.tags].join(' '),
  })),
});

const section = ([title, says]: readonly [string, string], shelves: readonly Shelf[]): Section => ({
  title,
  says,
  shelves,
});

export const SECTIONS: readonly Section[] = [
  section(GALLERY.shelves.iommus, iommuShelves.map(shelfOf)),
  section(GALLERY.shelves.traffic, trafficShelves.map(shelfOf)),
  section(GALLERY.shelves.groups, groupShelves.map(shelfOf)),
  section(
    GALLERY.shelves.threads,
    threads.map(({ letter, title, year, rows }) => ({
      id: letter,
      letter,
      title,
      year,
      entries: rows.map((row) => ({
        ...row,
        label: row.row,
        shortLabel: row.row,
        heading: [row.row, letter, title, row.difficulty, ...row.tags].join(' '),
      })),
    })),
  ),
];

export const ENTRIES: readonly Entry[] = SECTIONS.flatMap(({ shelves }) =>
  shelves.flatMap(({ entries }) => entries),
);
