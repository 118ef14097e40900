import type { WorldObject } from '../../engine/sim/world';
import type { SysfsEntry } from '../../engine/iommu/sysfs';
import { VERBS } from '../../scenario/verbs';
import { entryAt } from './tree';

/** Where sysfs has an object of the scene; null for what it does not know, such as everything of iommufd. */
export function pathOf(root: SysfsEntry, object: WorldObject): string | null {
  const path = wishedPath(object);
  if (path === null) return null;
  return entryAt(root, path) === null ? null : path;
}

function wishedPath(object: WorldObject): string | null {
  if (object.type === 'group') return `/sys/kernel/iommu_groups/${object.number}`;
  if (object.type === 'device')
    return `/sys/bus/${object.platform === undefined ? 'pci' : 'platform'}/devices/${object.bdf}`;
  return object.type === 'iommu' ? `/sys/class/iommu/${object.id.replace(/^iommu:/, '')}` : null;
}

/** The object of the scene that a path is about: where it is, or the nearest above that is one; a link is about where it leads. */
export function objectAt(
  root: SysfsEntry,
  path: string,
  objects: Readonly<Record<string, WorldObject>>,
): WorldObject | null {
  const entry = entryAt(root, path);
  const at = entry?.kind === 'link' ? entry.target : path;
  const all = Object.values(objects).flatMap((object) => {
    const place = wishedPath(object);
    return place !== null && (at === place || at.startsWith(`${place}/`)) ? [object] : [];
  });
  return all[0] ?? null;
}

const GROUP_TYPE = /^\/sys\/kernel\/iommu_groups\/(\d+)\/type$/;

/** What `type` of a group takes. Linux: iommu_group_store_type() */
export const GROUP_TYPES = ['DMA', 'DMA-FQ', 'identity', 'auto'] as const;

/** The line of the script that writes a file; null where no verb does. */
export function writeLine(path: string, word: string): string | null {
  if (!GROUP_TYPE.test(path)) return null;
  return VERBS.has('echo') ? `echo ${word} ${path}` : null;
}
