import type { WorldType } from '../../engine/sim/world';

/** One door for panels: the words of objects, and their colours. */
export { all, detailOf, deviceName, find, titleOf, TYPE_NAME, type Objects } from '../../store/object-words';

/** The colour of its kind: a custom property of tokens.css. */
export const HUE: Readonly<Record<WorldType, string>> = {
  device: 'var(--device)',
  group: 'var(--group)',
  iommu: 'var(--iommu)',
  context: 'var(--memory)',
  idev: 'var(--device)',
  ioas: 'var(--ioas)',
  hwpt: 'var(--hwpt)',
  access: 'var(--ioas)',
  fault: 'var(--hwpt)',
  viommu: 'var(--iommu)',
  vdevice: 'var(--device)',
  veventq: 'var(--iommu)',
  'hw-queue': 'var(--iommu)',
  selftest: 'var(--device)',
  process: 'var(--memory)',
  task: 'var(--group)',
  traffic: 'var(--device)',
};
