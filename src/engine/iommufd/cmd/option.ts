import { done } from '../../../lib/result';
import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import {
  IOMMU_OPTION_HUGE_PAGES,
  IOMMU_OPTION_OP_GET,
  IOMMU_OPTION_OP_SET,
  IOMMU_OPTION_RLIMIT_MODE,
  iommu_option,
} from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import type { Caller } from '../../kernel/caller';
import type { IommufdCtx } from '../ctx';
import { defineIoctl } from '../ioctl';
import type { Ioas } from '../ioas';

type Option = FieldsOf<typeof iommu_option>;

/** IOMMU_OPTION — whose limit pins count against; whether large pages are used. Linux: iommufd/main.c iommufd_option() */
export const option = defineIoctl({
  name: 'IOMMU_OPTION',
  nr: 0x87,
  layout: iommu_option,
  last: 'val64',
  *execute({ ctx, cmd, caller, respondField }) {
    if (cmd.__reserved !== 0) return err('EOPNOTSUPP', 'a reserved field is set', { rule: 'iommufd_option' });
    const result = yield* choose(ctx, cmd, caller);
    return result.ok ? respondField('val64') : result;
  },
});

function* choose(ctx: IommufdCtx, cmd: Option, caller: Caller): Task<Result<undefined>> {
  if (cmd.option_id === IOMMU_OPTION_RLIMIT_MODE) return rlimitMode(ctx, cmd, caller);
  if (cmd.option_id !== IOMMU_OPTION_HUGE_PAGES) {
    return err('EOPNOTSUPP', `there is no option ${cmd.option_id}`, { rule: 'iommufd_option' });
  }
  const found = ctx.objects.get(cmd.object_id, 'ioas');
  if (!found.ok) return found;
  const result = yield* hugePages(found.value, cmd);
  ctx.objects.put(found.value);
  return result;
}

/** Linux: iommufd_option_rlimit_mode() */
function rlimitMode(ctx: IommufdCtx, cmd: Option, caller: Caller): Result<undefined> {
  const rule = 'iommufd_option_rlimit_mode';
  if (cmd.object_id !== 0)
    return err('EOPNOTSUPP', 'this option is of the context, not of an object', { rule });
  if (cmd.op === IOMMU_OPTION_OP_GET) {
    cmd.val64 = ctx.accountMode === 'mm' ? 1n : 0n;
    return done;
  }
  if (cmd.op !== IOMMU_OPTION_OP_SET) return err('EOPNOTSUPP', `there is no operation ${cmd.op}`, { rule });
  if (!caller.capable('CAP_SYS_RESOURCE')) return err('EPERM', 'the caller lacks CAP_SYS_RESOURCE', { rule });
  if (!ctx.objects.isEmpty) {
    return err('EBUSY', `${ctx.title} has objects already`, { rule, culprit: ctx.worldId });
  }
  if (cmd.val64 > 1n) return err('EINVAL', 'the value is neither 0 nor 1', { rule });
  ctx.accountMode = cmd.val64 === 1n ? 'mm' : 'user';
  return done;
}

/** Linux: iommufd_ioas_option_huge_pages() */
function* hugePages(ioas: Ioas, cmd: Option): Task<Result<undefined>> {
  const rule = 'iommufd_ioas_option_huge_pages';
  if (cmd.op === IOMMU_OPTION_OP_GET) {
    cmd.val64 = ioas.iopt.smallPages ? 0n : 1n;
    return done;
  }
  if (cmd.op !== IOMMU_OPTION_OP_SET) return err('EOPNOTSUPP', `there is no operation ${cmd.op}`, { rule });
  if (cmd.val64 > 1n) return err('EINVAL', 'the value is neither 0 nor 1', { rule });
  return yield* ioas.iopt.setSmallPages(cmd.val64 === 0n);
}
