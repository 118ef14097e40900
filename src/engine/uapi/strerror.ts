import { ERRNO, type Errno } from '../kernel/errno';

/** What programs print for an errno. C library: strerror() */
const TEXT: Readonly<Record<Errno, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EINTR: 'Interrupted system call',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
  E2BIG: 'Argument list too long',
  EBADF: 'Bad file descriptor',
  EAGAIN: 'Resource temporarily unavailable',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENOTTY: 'Inappropriate ioctl for device',
  ENOSPC: 'No space left on device',
  ESPIPE: 'Illegal seek',
  ERANGE: 'Numerical result out of range',
  EDEADLOCK: 'Resource deadlock avoided',
  ENOSYS: 'Function not implemented',
  EBADE: 'Invalid exchange',
  EOVERFLOW: 'Value too large for defined data type',
  EBADFD: 'File descriptor in bad state',
  EMSGSIZE: 'Message too long',
  EOPNOTSUPP: 'Operation not supported',
  EADDRINUSE: 'Address already in use',
  ETIMEDOUT: 'Connection timed out',
  EPROBE_DEFER: 'Unknown error 517',
};

const BY_NUMBER = new Map(Object.entries(ERRNO).map(([name, number]) => [number as number, name as Errno]));

/** The name of an errno's number; null for one that this engine never returns. */
export const errnoOf = (number: number): Errno | null => BY_NUMBER.get(number) ?? null;

export const strerror = (errno: Errno): string => TEXT[errno];
