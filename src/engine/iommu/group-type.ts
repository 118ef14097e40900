import { initFlushQueue } from '../dma/cookie';
import { done } from '../../lib/result';
import type { Capability } from '../kernel/caller';
import { err, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { IommuCore } from './core';
import { setupDefaultDomain, setupDmaOps, type DefaultType } from './default-domain';
import type { IommuGroup } from './group';

/** What /sys/kernel/iommu_groups/N/type says. Linux: iommu_group_show_type() */
export function showGroupType(group: IommuGroup): string {
  const type = group.defaultDomain?.type;
  return type === undefined || type === 'platform' ? 'unknown' : type;
}

/** Writing it. Linux: iommu_group_store_type() */
export function* storeGroupType(
  core: IommuCore,
  group: IommuGroup,
  text: string,
  capable: (capability: Capability) => boolean = () => true,
): Task<Result<undefined>> {
  const rule = 'iommu_group_store_type';
  if (!capable('CAP_SYS_ADMIN') || !capable('CAP_SYS_RAWIO'))
    return err('EACCES', 'only who has CAP_SYS_ADMIN and CAP_SYS_RAWIO changes default domains', { rule });
  if (!group.defaultDomain)
    return err('EINVAL', `group ${group.id} has no default domain`, { rule, culprit: group.worldId });
  const type = parseType(text);
  if (type === undefined)
    return err('EINVAL', `${text.trim()} is none of identity, DMA, DMA-FQ, auto`, { rule });
  return yield* holding(group.mutex, (): Result<undefined> => {
    const { defaultDomain } = group;
    // Lazy invalidation can be switched on under running drivers: no page table changes.
    if (type === 'DMA-FQ' && defaultDomain?.type === 'DMA') {
      const queue = initFlushQueue(core, defaultDomain);
      if (queue.ok) defaultDomain.type = 'DMA-FQ';
      return queue;
    }
    if (group.devices.length === 0 || group.ownerCnt > 0) {
      const why = `the default domain of group ${group.id} cannot change while a driver or a user has the group`;
      const culprit = group.owner?.worldId ?? group.nativeUser?.worldId ?? group.worldId;
      return err('EPERM', why, { rule, culprit });
    }
    const set = setupDefaultDomain(core, group, type);
    if (!set.ok) return set;
    const domain = group.defaultDomain;
    if (domain) for (const device of group.devices) setupDmaOps(core, device, domain);
    return done;
  });
}

/** One newline at the end is none. Linux: sysfs_streq() */
function parseType(text: string): DefaultType | null | undefined {
  const word = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (word === 'identity' || word === 'DMA' || word === 'DMA-FQ') return word;
  return word === 'auto' ? null : undefined;
}
