import { ok, type Ok } from '../../lib/result';

/**
 * The errnos that this engine can return, with Linux's numbers.
 *
 * Linux: include/uapi/asm-generic/errno-base.h, errno.h
 */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  ENOTTY: 25,
  ENOSPC: 28,
  ESPIPE: 29,
  ERANGE: 34,
  EDEADLOCK: 35,
  ENOSYS: 38,
  EBADE: 52,
  EOVERFLOW: 75,
  EBADFD: 77,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  ETIMEDOUT: 110,
  EPROBE_DEFER: 517,
} as const;

export type Errno = keyof typeof ERRNO;

/** What stands in the way of a refused action, for the page to point at: a world object's id (see sim/world.ts). */
export type Culprit = string;

/** The kernel refuses: an errno, a sentence a learner can use, and the rule behind it. */
export interface Failure {
  readonly ok: false;
  readonly errno: Errno;
  readonly why: string;
  /** Kernel function (or folder rule id) that decides, e.g. `iommu_device_claim_dma_owner`. */
  readonly rule?: string;
  readonly culprit?: Culprit;
}

export type Result<T> = Ok<T> | Failure;

export const err = (
  errno: Errno,
  why: string,
  more: { readonly rule?: string; readonly culprit?: Culprit } = {},
): Failure => ({ ok: false, errno, why, ...more });

export { ok };
