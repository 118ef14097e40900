import type { UserBytes } from '../../engine/kernel/caller';
import { err, ok, type Result } from '../../engine/kernel/errno';

/** Linux: include/uapi/asm-generic/ioctls.h, include/uapi/linux/fs.h */
const FIGETBSZ = 0x2;
const FIONBIO = 0x5421;
const FIONCLEX = 0x5450;
const FIOCLEX = 0x5451;
const FIOASYNC = 0x5452;
const FS_IOC_FIEMAP = 0xc020660b;
/** Of devtmpfs and of the file system of anonymous inodes. */
const BLOCK_BYTES = 4096;

/**
 * The commands that every file understands, before its own are asked; null: none of them.
 *
 * Linux: fs/ioctl.c do_vfs_ioctl()
 *
 * Close-on-exec and non-blocking are the descriptor's, which is the host's: a shim that passes the first three on gets
 * them right. None of these files ever blocks.
 */
export function vfsIoctl(bytes: UserBytes, cmd: number, argVa: bigint): Result<number> | null {
  const rule = 'do_vfs_ioctl';
  switch (cmd) {
    case FIOCLEX:
    case FIONCLEX:
      return ok(0);
    case FIONBIO:
    case FIOASYNC: {
      const on = bytes.read(argVa, 4);
      if (!on.ok) return on;
      if (cmd === FIONBIO || on.value.every((byte) => byte === 0)) return ok(0);
      return err('ENOTTY', 'this file sends no signals', { rule });
    }
    case FIGETBSZ: {
      const size = new Uint8Array(Uint32Array.of(BLOCK_BYTES).buffer);
      const written = bytes.write(argVa, size);
      return written.ok ? ok(0) : written;
    }
    case FS_IOC_FIEMAP:
      return err('EOPNOTSUPP', 'this file has no extents', { rule });
    default:
      return null;
  }
}
