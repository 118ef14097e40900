import type { Errno } from '../../engine/kernel/errno';
import { ERRNO_TEXT } from '../../lib/errno-text';
import { REFUSAL } from '../../words/panels/refusal';

/** What an errno says. One is the kernel's own: programs have no words for it. Linux: include/linux/errno.h */
export const errnoWords = (errno: Errno | null): string => {
  if (errno === null) return '';
  return errno === 'EPROBE_DEFER' ? REFUSAL.probeDefer : ERRNO_TEXT[errno];
};
