import type { UserData, UserDataArray } from '../iommu/ops';
import { ok } from '../kernel/errno';
import type { UserCopy } from './user-copy';

/** Words of a user that only a driver understands. Linux: struct iommu_user_data */
export const userData = (user: UserCopy, type: number, userVa: bigint, length: number): UserData => ({
  type,
  length,
  read: () => user.read(userVa, length),
  // What the user gave more room for than there is, is zeroed. Linux: copy_struct_to_user()
  write: (bytes) => {
    const room = Math.min(bytes.length, length);
    const cleared = user.clear(userVa + BigInt(room), length - room);
    return cleared.ok ? user.write(userVa, bytes.subarray(0, room)) : cleared;
  },
});

/** Linux: struct iommu_user_data_array */
export const userDataArray = (
  user: UserCopy,
  cmd: {
    readonly data_type: number;
    readonly data_uptr: bigint;
    readonly entry_len: number;
    readonly entry_num: number;
  },
): UserDataArray => {
  const vaOf = (index: number): bigint => cmd.data_uptr + BigInt(index) * BigInt(cmd.entry_len);
  return {
    type: cmd.data_type,
    entryLength: cmd.entry_len,
    entryCount: cmd.entry_num,
    handled: 0,
    read: (index) => user.read(vaOf(index), cmd.entry_len),
    readStruct: (index, bytes) => {
      const read = user.readStruct(vaOf(index), cmd.entry_len, bytes);
      if (!read.ok || read.value.length === bytes) return read;
      const whole = new Uint8Array(bytes);
      whole.set(read.value);
      return ok(whole);
    },
  };
};
