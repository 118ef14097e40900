import { done } from '../../../lib/result';
import type { IommuDomain, UserData, UserDataArray } from '../../iommu/ops';
import type { HwQueueHandle, ViommuHandle, ViommuOps } from '../../iommu/viommu-ops';
import { err, type Failure, type Result } from '../../kernel/errno';
import {
  IOMMU_HW_QUEUE_TYPE_SELFTEST,
  IOMMU_TEST_HW_QUEUE_MAX,
  IOMMU_TEST_INVALIDATE_FLAG_ALL,
  IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST,
  iommu_viommu_invalidate_selftest,
  iommu_viommu_selftest,
  MOCK_DEV_CACHE_NUM,
} from '../../uapi/iommufd-test';
import { decode, encode, endOf, type FieldsOf } from '../../uapi/struct';
import { mockDevice } from './mock-device';
import type { MockUnit } from './mock-unit';
import { copyStructFromUser } from './user-data';

type Invalidation = FieldsOf<typeof iommu_viommu_invalidate_selftest>;

const MMAP_BYTES = 2 * 4096;
/** The largest array that the kernel's allocator gives out. Linux: KMALLOC_MAX_SIZE */
const KMALLOC_MAX = 4 << 20;

/**
 * A slice of the mock IOMMU for a VM: caches of virtual devices, two pages to mmap, two queues.
 *
 * Linux: selftest.c struct mock_viommu, mock_viommu_ops
 */
export class MockViommu implements ViommuOps {
  private readonly queues: (HwQueueHandle | null)[] = new Array<null>(IOMMU_TEST_HW_QUEUE_MAX).fill(null);
  /** Of each queue, the one before it when it was made. */
  private readonly previous = new Map<HwQueueHandle, HwQueueHandle>();
  private mmapOffset: bigint | null = null;

  constructor(
    private readonly unit: MockUnit,
    readonly handle: ViommuHandle,
    readonly parent: IommuDomain,
  ) {}

  /** Linux: mock_viommu_init() */
  init(data: UserData | null): Result<undefined> {
    if (!data) return done;
    const given = copyStructFromUser(iommu_viommu_selftest, data, endOf(iommu_viommu_selftest, 'out_data'));
    if (!given.ok) return given;
    const failed = this.unit.outOfMemory('mock_viommu_init');
    if (failed) return failed;
    const page = new Uint8Array(MMAP_BYTES);
    const offset = this.handle.allocMmap(page);
    if (!offset.ok) return offset;
    // A loopback: what the user gave is in both answers.
    const { in_data } = given.value;
    new DataView(page.buffer).setUint32(0, in_data, true);
    const answer = encode(iommu_viommu_selftest, {
      in_data,
      out_data: in_data,
      out_mmap_offset: offset.value,
      out_mmap_length: BigInt(MMAP_BYTES),
    });
    const written = data.write?.(answer.subarray(0, data.length)) ?? done;
    if (written.ok) this.mmapOffset = offset.value;
    else this.handle.destroyMmap(offset.value);
    return written;
  }

  /** Linux: mock_viommu_destroy() */
  destroy(): void {
    if (this.mmapOffset !== null) this.handle.destroyMmap(this.mmapOffset);
  }

  /** Linux: mock_viommu_alloc_domain_nested() */
  allocDomainNested(flags: number, data: UserData): Result<IommuDomain> {
    return this.unit.allocNested(flags, this.parent, data, this);
  }

  /** All entries are read before the first is done. Linux: mock_viommu_cache_invalidate() */
  cacheInvalidate(array: UserDataArray): Result<undefined> {
    const rule = 'mock_viommu_cache_invalidate';
    array.handled = 0;
    const rightType = array.type === IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST;
    // A way to ask whether the type is known.
    if (array.entryCount === 0 && rightType) return done;
    const bytes = array.entryCount * iommu_viommu_invalidate_selftest.bytes;
    const failed =
      bytes > KMALLOC_MAX
        ? err('ENOMEM', `no memory for ${array.entryCount} entries`, { rule })
        : this.unit.outOfMemory(rule);
    if (failed) return failed;
    if (!rightType || array.entryCount === 0)
      return err('EINVAL', 'the entries are not of the mock IOMMU', { rule });
    const entries: Invalidation[] = [];
    for (let index = 0; index < array.entryCount; index++) {
      const entry = array.readStruct(index, iommu_viommu_invalidate_selftest.bytes);
      if (!entry.ok) return entry;
      entries.push(decode(iommu_viommu_invalidate_selftest, entry.value));
    }
    for (const entry of entries) {
      const refused = this.invalidate(entry, array.handled);
      if (refused) return refused;
      array.handled++;
    }
    return done;
  }

  private invalidate({ flags, cache_id, vdev_id }: Invalidation, index: number): Failure | null {
    const rule = 'mock_viommu_cache_invalidate';
    if ((flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL) !== 0)
      return err('EOPNOTSUPP', `entry ${index} has an unknown flag`, { rule });
    if (cache_id >= MOCK_DEV_CACHE_NUM)
      return err('EINVAL', `entry ${index} names word ${cache_id} of ${MOCK_DEV_CACHE_NUM}`, { rule });
    const client = this.handle.findDevice(BigInt(vdev_id));
    if (!client) return err('EINVAL', `entry ${index}: the VM has no device ${vdev_id}`, { rule });
    const { cache } = mockDevice(client);
    if ((flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) !== 0) cache.fill(0);
    else cache[cache_id] = 0;
    return null;
  }

  supportsHwQueue(type: number): boolean {
    return type === IOMMU_HW_QUEUE_TYPE_SELFTEST;
  }

  /** Each queue needs the one before it. Linux: mock_hw_queue_init_phys() */
  hwQueueInit(queue: HwQueueHandle, pa: number): Result<undefined> {
    const rule = 'mock_hw_queue_init_phys';
    const { index } = queue;
    if (index >= IOMMU_TEST_HW_QUEUE_MAX)
      return err('EINVAL', `there are ${IOMMU_TEST_HW_QUEUE_MAX} queues, no queue ${index}`, { rule });
    if (this.queues[index]) return err('EEXIST', `queue ${index} is there already`, { rule });
    const previous = index > 0 ? this.queues[index - 1] : undefined;
    if (previous === null) return err('EIO', `queue ${index} needs queue ${index - 1}`, { rule });
    if (pa !== this.parent.paging?.iovaToPhys(queue.baseIova))
      return err('EFAULT', 'the physical address is not what the parent translates to', { rule });
    const depends = previous ? queue.dependOn(previous) : done;
    if (!depends.ok) return depends;
    if (previous) this.previous.set(queue, previous);
    this.queues[index] = queue;
    return done;
  }

  /**
   * Linux: mock_hw_queue_destroy()
   *
   * The kernel's mock never writes a queue's index down, so what it finds there is 0, and that place is freed.
   */
  hwQueueDestroy(queue: HwQueueHandle): void {
    this.queues[0] = null;
    const previous = this.previous.get(queue);
    this.previous.delete(queue);
    if (previous) queue.undepend(previous);
  }
}
