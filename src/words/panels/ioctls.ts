import { counted } from '../counted';

/** Every ioctl, as strace prints it. */
export const IOCTLS = {
  title: 'Calls',
  none: 'No program has asked the kernel for anything yet. Each {alloc}, {map} or {attach} is an ioctl, and stands here as strace would print it.',
  reading: 'Reading…',
  calls: (n: number) => counted(n, 'call'),
  copyLog: 'Copy the log as text',
  earlier: (n: number) => counted(n, 'earlier call'),
  log: 'ioctl log',
  line: (line: number) => `Line ${line} of the script`,
  noCommand: 'The kernel has no such command: it did not look at the structure.',
  unreadable: 'The kernel could not read the structure: there are no bytes to show.',
  theCall: 'the call and its bytes',
  copy: 'Copy',
  goTo: (line: number) => `Go to line ${line}`,
  moreParts: (n: number) => `${n} more are in the text of the call.`,
  noMore: 'The kernel looked at no more of it.',
} as const;

/** A structure as bytes and as fields. */
export const STRUCT = {
  direction: { in: 'in', out: 'out', inout: 'in and out' },
  bytes: (n: number) => `${n} bytes`,
  changed: 'changed by the kernel',
  fields: 'Fields',
  fieldsOf: (name: string) => `Fields of ${name}`,
  was: (field: string, byte: string) => `${field}, was ${byte}`,
  notGiven: 'not given: 0',
} as const;
