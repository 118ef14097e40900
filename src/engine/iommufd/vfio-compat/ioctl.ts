import { hex } from '../../../lib/u64';
import { err, ok, type Result } from '../../kernel/errno';
import { holding, type Task } from '../../kernel/task';
import {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_DMA_CC_IOMMU,
  VFIO_GET_API_VERSION,
  VFIO_IOMMU_GET_INFO,
  VFIO_IOMMU_MAP_DMA,
  VFIO_IOMMU_UNMAP_DMA,
  VFIO_NOIOMMU_IOMMU,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
  VFIO_UNMAP_ALL,
} from '../../uapi/vfio';
import type { IommufdCtx } from '../ctx';
import type { IoctlRecord, IoctlRequest } from '../ioctl';
import { getCompatIoas } from './compat-ioas';
import { mapDma, unmapDma } from './dma';
import { getInfo } from './get-info';
import { VfioCall } from './vfio-call';

/** One of VFIO's commands that iommufd answers in its place. */
interface VfioCommand {
  readonly name: string;
  /** Undefined: the call returns 0. */
  execute(call: VfioCall): Task<Result<number | undefined>>;
}

const COMMANDS: ReadonlyMap<number, VfioCommand> = new Map<number, VfioCommand>([
  [VFIO_GET_API_VERSION, { name: 'VFIO_GET_API_VERSION', execute: getApiVersion }],
  [VFIO_CHECK_EXTENSION, { name: 'VFIO_CHECK_EXTENSION', execute: checkExtension }],
  [VFIO_SET_IOMMU, { name: 'VFIO_SET_IOMMU', execute: setIommu }],
  [VFIO_IOMMU_GET_INFO, { name: 'VFIO_IOMMU_GET_INFO', execute: getInfo }],
  [VFIO_IOMMU_MAP_DMA, { name: 'VFIO_IOMMU_MAP_DMA', execute: mapDma }],
  [VFIO_IOMMU_UNMAP_DMA, { name: 'VFIO_IOMMU_UNMAP_DMA', execute: unmapDma }],
]);

/**
 * What is none of iommufd's own commands may be one that VFIO's container used to answer.
 *
 * Linux: drivers/iommu/iommufd/vfio_compat.c iommufd_vfio_ioctl()
 */
export function* vfioIoctl(
  ctx: IommufdCtx,
  request: IoctlRequest,
  record: IoctlRecord,
): Task<Result<number>> {
  const command = COMMANDS.get(request.cmd);
  if (!command) {
    const why = `${hex(request.cmd)} is no command of /dev/iommu, nor one of VFIO's that it answers`;
    return err('ENOTTY', why, { rule: 'iommufd_vfio_ioctl' });
  }
  record.name = command.name;
  const executed = yield* command.execute(new VfioCall(ctx, request, record));
  return executed.ok ? ok(executed.value ?? 0) : executed;
}

function* getApiVersion(): Task<Result<number>> {
  return ok(VFIO_API_VERSION);
}

/** Linux: iommufd_vfio_check_extension() */
function* checkExtension({ ctx, arg }: VfioCall): Task<Result<number>> {
  switch (arg) {
    case VFIO_TYPE1_IOMMU:
    case VFIO_TYPE1v2_IOMMU:
    case VFIO_UNMAP_ALL:
      return ok(ctx.noIommuMode ? 0 : 1);
    case VFIO_NOIOMMU_IOMMU:
      return ok(ctx.module.options.vfioNoIommu ? 1 : 0);
    case VFIO_DMA_CC_IOMMU:
      return yield* enforcesCoherency(ctx);
    default:
      return ok(0);
  }
}

/** Linux: iommufd_vfio_cc_iommu() */
function* enforcesCoherency(ctx: IommufdCtx): Task<Result<number>> {
  const found = getCompatIoas(ctx);
  if (!found.ok) return found;
  const ioas = found.value;
  const all = yield* holding(ioas.mutex, () => ioas.hwpts.every((hwpt) => hwpt.enforceCacheCoherency));
  ctx.objects.put(ioas);
  return ok(all ? 1 : 0);
}

/**
 * TYPE1 lets a user unmap from the middle of what was mapped: without large pages that can be done.
 *
 * Linux: iommufd_vfio_set_iommu()
 */
function* setIommu({ ctx, caller, arg }: VfioCall): Task<Result<undefined>> {
  const rule = 'iommufd_vfio_set_iommu';
  if (ctx.module.options.vfioNoIommu && arg === VFIO_NOIOMMU_IOMMU && ctx.noIommuMode) {
    if (caller.capable('CAP_SYS_RAWIO')) return ok(undefined);
    return err('EPERM', 'the caller lacks CAP_SYS_RAWIO', { rule });
  }
  if ((arg !== VFIO_TYPE1_IOMMU && arg !== VFIO_TYPE1v2_IOMMU) || ctx.noIommuMode)
    return err('EINVAL', `${ctx.title} has no IOMMU of type ${arg}`, { rule, culprit: ctx.worldId });
  const found = getCompatIoas(ctx);
  if (!found.ok) return found;
  const set = arg === VFIO_TYPE1_IOMMU ? yield* found.value.iopt.setSmallPages(true) : ok(undefined);
  ctx.objects.put(found.value);
  return set;
}
