import { counted } from '../counted';
import { grouped } from '../locale';

/** What several panels say alike. */
export const SHARED = {
  none: 'none',
  more: (n: number) => `and ${grouped(n)} more`,
  asking: 'Asking the kernel…',
  chosen: ', so it is now',
  whyNot: (why: string) => `: ${why}`,
  withChoice: (label: string) => `${label}…`,
  showBytes: 'Show these bytes',
  address: 'Physical address, in hex',
  copied: (what: string) => `Copied ${what}.`,
  noClipboard: 'The browser keeps the clipboard closed to this page.',
  noReason: 'No reason was given.',
  devices: (n: number) => counted(n, 'device'),
} as const;
