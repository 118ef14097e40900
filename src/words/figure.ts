/** What figures say of themselves, and the tab that makes them. */
export const FIGURE_WORDS = {
  ofCanvas: (objects: string) => `A machine, left to right along a DMA: ${objects}.`,
  more: (count: number) => `and ${count} more`,
  ofWalk: (lookup: string) => `What the IOMMU read for ${lookup}.`,
  lookup: (line: number, access: string, bytes: number, iova: string) =>
    `line ${line}: ${access} of ${bytes} bytes at IOVA ${iova}`,
} as const;
