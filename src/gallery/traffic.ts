import { shelvesOf, type SceneShelf } from './shelves';

const files = import.meta.glob<string>('./traffic/*.iommu', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Devices that do not wait for the kernel. */
export const trafficShelves: readonly SceneShelf[] = shelvesOf(
  [{ word: 'Traffic', title: 'Devices that do not wait' }],
  files,
);
