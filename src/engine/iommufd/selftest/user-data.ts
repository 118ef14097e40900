import type { UserData } from '../../iommu/ops';
import { err, ok, type Result } from '../../kernel/errno';
import { decode, type FieldsOf, type Struct } from '../../uapi/struct';

/**
 * A user's words for a driver as a structure: at least `least` bytes, and never more than it has, for unlike ioctl
 * structures these cannot grow. What was not given is zero.
 *
 * Linux: include/linux/iommu.h iommu_copy_struct_from_user()
 */
export function copyStructFromUser<S extends Struct>(
  struct: S,
  data: UserData,
  least: number,
): Result<FieldsOf<S>> {
  if (data.length < least || data.length > struct.bytes) {
    return err('EINVAL', `${struct.name} has ${least} to ${struct.bytes} bytes, not ${data.length}`, {
      rule: 'iommu_copy_struct_from_user',
    });
  }
  const bytes = data.read();
  return bytes.ok ? ok(decode(struct, bytes.value)) : bytes;
}
