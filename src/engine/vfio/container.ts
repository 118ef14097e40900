import { done } from '../../lib/result';
import { claimGroupDmaOwner, releaseGroupDmaOwner } from '../iommu/ownership';
import type { Caller } from '../kernel/caller';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import type { KernelFile } from '../kernel/file';
import { locked, Mutex, reading, type Task } from '../kernel/task';
import {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_GET_API_VERSION,
  VFIO_IOMMU_GET_INFO,
  VFIO_IOMMU_MAP_DMA,
  VFIO_IOMMU_UNMAP_DMA,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
} from '../uapi/vfio';
import type { VfioGroup } from './group';
import { Type1 } from './type1';
import { attachGroup, detachGroup, releaseType1 } from './type1-attach';
import { checkExtension, type1GetInfo } from './type1-info';
import { type1MapDma, type1UnmapDma } from './type1-dma';
import { runCommand, UserCall, type VfioCommand } from './user-call';
import type { Vfio } from './vfio';

/**
 * An open /dev/vfio/vfio: groups that share an address space, and from VFIO_SET_IOMMU on the type1 driver that keeps it.
 *
 * Linux: drivers/vfio/container.c struct vfio_container
 */
export class VfioContainer implements KernelFile {
  readonly worldId: string;
  readonly title: string;
  readonly groupLock: Mutex;
  /** The newest first. */
  readonly groups: VfioGroup[] = [];
  /** Linux: vfio_container::iommu_driver, iommu_data */
  type1: Type1 | null = null;
  private open = true;

  constructor(
    readonly vfio: Vfio,
    readonly number: number,
  ) {
    this.worldId = `container:${number}`;
    this.title = `container ${number}`;
    this.groupLock = new Mutex('container->group_lock', { of: this.worldId });
  }

  ioctl(caller: Caller, cmd: number, arg: bigint): Task<Result<number>> {
    const call = new UserCall(this.vfio.core, { caller, cmd, arg });
    return runCommand(COMMANDS, this, this.worldId, call, () => passedOn(this));
  }

  /** Groups that are in it keep it. Linux: vfio_fops_release() */
  *release(): Task<void> {
    this.open = false;
    this.forget();
  }

  /** Linux: vfio_container_put() */
  forget(): void {
    const { containers } = this.vfio;
    const at = containers.indexOf(this);
    if (!this.open && this.groups.length === 0 && at >= 0) containers.splice(at, 1);
  }
}

const COMMANDS: ReadonlyMap<number, VfioCommand<VfioContainer>> = new Map([
  [
    VFIO_GET_API_VERSION,
    {
      name: 'VFIO_GET_API_VERSION',
      *run() {
        return ok(VFIO_API_VERSION);
      },
    },
  ],
  [VFIO_CHECK_EXTENSION, { name: 'VFIO_CHECK_EXTENSION', run: (file, call) => askExtension(file, call) }],
  [VFIO_SET_IOMMU, { name: 'VFIO_SET_IOMMU', run: (file, call) => setIommu(file, call) }],
  [VFIO_IOMMU_GET_INFO, { name: 'VFIO_IOMMU_GET_INFO', run: onType1(type1GetInfo) }],
  [VFIO_IOMMU_MAP_DMA, { name: 'VFIO_IOMMU_MAP_DMA', run: onType1(type1MapDma) }],
  [VFIO_IOMMU_UNMAP_DMA, { name: 'VFIO_IOMMU_UNMAP_DMA', run: onType1(type1UnmapDma) }],
]);

const noIommu = ({ title, worldId }: VfioContainer): Failure =>
  err('EINVAL', `${title} has no IOMMU driver: VFIO_SET_IOMMU comes first`, {
    rule: 'vfio_fops_unl_ioctl',
    culprit: worldId,
  });

/** What VFIO does not know goes to the IOMMU driver. Linux: vfio_fops_unl_ioctl() */
function* passedOn(container: VfioContainer): Task<Result<number>> {
  if (!container.type1) return noIommu(container);
  return err('ENOTTY', 'type1 has no such command here', { rule: 'vfio_iommu_type1_ioctl' });
}

function onType1(run: (type1: Type1, call: UserCall) => Task<Result<number>>) {
  return function* (container: VfioContainer, call: UserCall): Task<Result<number>> {
    const { type1 } = container;
    return type1 ? yield* run(type1, call) : noIommu(container);
  };
}

/** Linux: vfio_container_ioctl_check_extension() */
const askExtension = (container: VfioContainer, { arg }: UserCall): Task<Result<number>> =>
  reading(container.groupLock, () => checkExtension(container.type1, arg));

/** Only who brought a group may turn the IOMMU on. Linux: vfio_ioctl_set_iommu() */
const setIommu = (container: VfioContainer, { arg }: UserCall): Task<Result<number>> =>
  locked(container.groupLock, function* (): Task<Result<number>> {
    const rule = 'vfio_ioctl_set_iommu';
    const { groups, title, worldId, vfio } = container;
    if (groups.length === 0)
      return err('EINVAL', `${title} has no group yet: VFIO_GROUP_SET_CONTAINER comes first`, {
        rule,
        culprit: worldId,
      });
    if (container.type1)
      return err('EINVAL', `${title} has its IOMMU driver already`, { rule, culprit: worldId });
    if (arg !== VFIO_TYPE1_IOMMU && arg !== VFIO_TYPE1v2_IOMMU)
      return err('ENODEV', `no IOMMU driver of VFIO is of type ${arg}`, { rule });
    if (vfio.core.fail.hit('vfio_iommu_type1_open')) return err('ENOMEM', 'no memory for type1', { rule });
    const type1 = new Type1(vfio, container, arg === VFIO_TYPE1v2_IOMMU);
    const attached = yield* attachAll(container, type1);
    if (!attached.ok) {
      yield* releaseType1(type1);
      return attached;
    }
    container.type1 = type1;
    return ok(0);
  });

/** Linux: __vfio_container_attach_groups() */
function* attachAll({ groups }: VfioContainer, type1: Type1): Task<Result<undefined>> {
  const attached: VfioGroup[] = [];
  for (const group of groups) {
    const one = yield* attachGroup(type1, group.iommuGroup);
    if (!one.ok) {
      for (const other of attached.reverse()) yield* detachGroup(type1, other.iommuGroup);
      return one;
    }
    attached.push(group);
  }
  return done;
}

/** The group's DMA is claimed in the name of its VFIO group. Linux: vfio_container_attach_group() */
export const attachContainer = (container: VfioContainer, group: VfioGroup): Task<Result<undefined>> =>
  locked(container.groupLock, function* (): Task<Result<undefined>> {
    const { core } = group;
    const claimed = yield* claimGroupDmaOwner(core, group.iommuGroup, group);
    if (!claimed.ok) return claimed;
    if (container.type1) {
      const attached = yield* attachGroup(container.type1, group.iommuGroup);
      if (!attached.ok) {
        yield* releaseGroupDmaOwner(core, group.iommuGroup);
        return attached;
      }
    }
    group.container = container;
    group.containerUsers = 1;
    container.groups.unshift(group);
    return done;
  });

/** With the last group the container loses its IOMMU driver, and everything mapped. Linux: vfio_group_detach_container() */
export function* detachContainer(group: VfioGroup): Task<void> {
  const { container } = group;
  if (!container) return;
  yield* locked(container.groupLock, function* () {
    const { type1, groups } = container;
    if (type1) yield* detachGroup(type1, group.iommuGroup);
    yield* releaseGroupDmaOwner(group.core, group.iommuGroup);
    group.container = null;
    group.containerUsers = 0;
    groups.splice(groups.indexOf(group), 1);
    if (type1 && groups.length === 0) {
      yield* releaseType1(type1);
      container.type1 = null;
    }
  });
  container.forget();
}
