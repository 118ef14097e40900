import type { Prot } from '../../iommu/ops';
import { err, ok, type Result } from '../../kernel/errno';
import { U64_MAX } from '../../../lib/u64';
import {
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_MAP_WRITEABLE,
} from '../../uapi/iommufd';
import type { Where } from '../iopt-map';

const READ_ONLY: Prot = { read: true, write: false };
const WRITE_ONLY: Prot = { read: false, write: true };
const READ_WRITE: Prot = { read: true, write: true };

const KNOWN = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE;

/** What IOAS_MAP and IOAS_COPY check of their numbers before they look anything up, in this order. */
export function checkMapFlags(
  rule: string,
  flags: number,
  reserved: number,
  words: readonly bigint[],
): Result<Prot> {
  if ((flags & ~KNOWN) !== 0 || reserved !== 0) {
    return err('EOPNOTSUPP', 'an unknown flag or a reserved field is set', { rule });
  }
  if (words.includes(U64_MAX)) return err('EOVERFLOW', 'an IOVA or the length is ULONG_MAX', { rule });
  const read = (flags & IOMMU_IOAS_MAP_READABLE) !== 0;
  const write = (flags & IOMMU_IOAS_MAP_WRITEABLE) !== 0;
  if (!read && !write) return err('EINVAL', 'neither READABLE nor WRITEABLE is set', { rule });
  // One object for all areas of a kind.
  return ok(!write ? READ_ONLY : read ? READ_WRITE : WRITE_ONLY);
}

export const whereTo = (flags: number, iova: bigint): Where =>
  (flags & IOMMU_IOAS_MAP_FIXED_IOVA) !== 0 ? { fixed: iova } : 'anywhere';
