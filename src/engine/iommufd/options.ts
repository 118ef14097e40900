import { EngineBug } from '../../lib/invariant';
import type { FrameBytes } from '../memory/user-memory';
import type { Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { AnyIoctl } from './ioctl';

/**
 * What the kernel of the model does wrong, and this engine does right unless it is told otherwise.
 *
 * - `replace-answers-new-queue`: a replace answers the pending page faults of the new HWPT's queue instead of the old
 *   one's, so that those of the old stay without an answer. Linux: iommufd_hwpt_replace_device()
 * - `failed-replace-unreserves`: a replace that fails takes the group's reserved regions out of the new HWPT's IOAS even
 *   when the old HWPT, to which the group stays attached, is of the same IOAS. Linux: iommufd_device_do_replace()
 */
export type KernelDefect = (typeof KERNEL_DEFECTS)[number];
const KERNEL_DEFECTS = [
  'replace-answers-new-queue',
  'failed-replace-unreserves',
  'smmu-dirty-without-flush',
] as const;

export const isKernelDefect = (word: string): word is KernelDefect =>
  (KERNEL_DEFECTS as readonly string[]).includes(word);

/** What IOAS_COPY says of its source. */
export interface CopySource {
  readonly src_ioas_id: number;
  src_iova: bigint;
  flags: number;
}

/** How iommufd is built and loaded. */
export interface IommufdOptions {
  /** Bind devices whose MSIs the platform cannot isolate. Linux: module parameter allow_unsafe_interrupts */
  readonly allowUnsafeInterrupts: boolean;
  /** VFIO knows devices without an IOMMU. Linux: CONFIG_VFIO_NOIOMMU */
  readonly vfioNoIommu: boolean;
  /** Commands beside those of every kernel. Linux: CONFIG_IOMMUFD_TEST */
  readonly extraCommands: readonly AnyIoctl[];
  /** Lets a fuzzer name the source of a COPY by the number of an area. Linux: iommufd_test_syz_conv_iova_id() */
  readonly convertCopySource: ((ctx: IommufdCtx, cmd: CopySource) => Task<void>) | null;
  readonly kernelDefects: ReadonlySet<KernelDefect>;
  /** What the CPU sees behind frames; only accesses look. */
  readonly frames: FrameBytes;
}

const nowhere = (): never => {
  throw new EngineBug('nobody said where the bytes of frames are');
};

export const DEFAULT_IOMMUFD: IommufdOptions = {
  allowUnsafeInterrupts: false,
  vfioNoIommu: false,
  extraCommands: [],
  convertCopySource: null,
  kernelDefects: new Set(),
  frames: { readFrame: nowhere, writeFrame: nowhere },
};
