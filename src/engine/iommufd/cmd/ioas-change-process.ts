import { iommu_ioas_change_process } from '../../uapi/iommufd';
import { err } from '../../kernel/errno';
import { changeProcess } from '../change-process';
import { defineIoctl } from '../ioctl';

/**
 * IOMMU_IOAS_CHANGE_PROCESS — the caller takes over what another process mapped: its pages count against the caller's
 * limits from now on. Linux: iommufd/ioas.c iommufd_ioas_change_process()
 */
export const ioasChangeProcess = defineIoctl({
  name: 'IOMMU_IOAS_CHANGE_PROCESS',
  nr: 0x92,
  layout: iommu_ioas_change_process,
  last: '__reserved',
  *execute({ ctx, cmd, caller }) {
    if (cmd.__reserved !== 0) {
      return err('EOPNOTSUPP', 'a reserved field is set', { rule: 'iommufd_ioas_change_process' });
    }
    return yield* changeProcess(ctx, caller);
  },
});
