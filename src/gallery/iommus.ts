import { shelvesOf, type SceneShelf } from './shelves';

const files = import.meta.glob<string>('./iommus/*.iommu', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The four real IOMMUs. This module is large: it is for what is loaded late. */
export const iommuShelves: readonly SceneShelf[] = shelvesOf(
  [
    { word: 'Four', title: 'The same five lines on each' },
    { word: 'VT-d', title: 'Intel VT-d' },
    { word: 'AMD-Vi', title: 'AMD-Vi' },
    { word: 'SMMUv3', title: 'Arm SMMUv3' },
    { word: 'RISC-V', title: 'RISC-V IOMMU' },
  ],
  files,
);
