import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { IommuCore } from './core';
import { setupDefaultDomain, type DefaultType } from './default-domain';
import type { IommuGroup } from './group';

/** What /sys/kernel/iommu_groups/N/type says. Linux: iommu_group_show_type() */
export const showGroupType = (group: IommuGroup): string => group.defaultDomain?.type ?? 'unknown';

/** Writing it. Linux: iommu_group_store_type() */
export function* storeGroupType(core: IommuCore, group: IommuGroup, word: string): Task<Result<undefined>> {
  const rule = 'iommu_group_store_type';
  const { defaultDomain } = group;
  if (!defaultDomain)
    return err('EINVAL', `group ${group.id} has no default domain`, { rule, culprit: group.worldId });
  const type = parseType(word);
  if (type === undefined) return err('EINVAL', `${word} is none of identity, DMA, DMA-FQ, auto`, { rule });
  return yield* holding(group.mutex, (): Result<undefined> => {
    // Lazy invalidation can be switched on under running drivers: no page table changes.
    if (type === 'DMA-FQ' && defaultDomain.type === 'DMA') {
      defaultDomain.type = 'DMA-FQ';
      return done;
    }
    if (group.devices.length === 0 || group.ownerCnt > 0) {
      return err(
        'EPERM',
        `the default domain of group ${group.id} cannot change while a driver or a user has the group`,
        {
          rule,
          culprit: group.owner?.worldId ?? group.nativeUser?.worldId ?? group.worldId,
        },
      );
    }
    return setupDefaultDomain(core, group, type);
  });
}

function parseType(word: string): DefaultType | null | undefined {
  if (word === 'identity' || word === 'DMA' || word === 'DMA-FQ') return word;
  return word === 'auto' ? null : undefined;
}
