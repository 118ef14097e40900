import { shelvesOf, type SceneShelf } from './shelves';

const files = import.meta.glob<string>('./groups/*.iommu', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Who shares a group with whom, and why. Loaded late, as the others are. */
export const groupShelves: readonly SceneShelf[] = shelvesOf(
  [{ word: 'Groups', title: 'Topology, ACS and what it does to DMA' }],
  files,
);
