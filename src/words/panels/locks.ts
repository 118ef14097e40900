import { counted } from '../counted';

/** Who holds what, and in which order it was taken. */
export const LOCKS = {
  task: (name: string) => `Task ${name}`,
  takes: (line: number, locks: number) => `Line ${line} takes ${counted(locks, 'lock')}`,
  none: 'No lock of the kernel was needed here. Go to a line such as {attach} or {map}.',
  tree: 'Locks in the order in which they were taken',
  waitsFor: '{task} waits for {lock}',
  waitsForHeld: (holders: string) => `{task} waits for {lock}, held by ${holders}`,
  read: 'read',
  stillHeld: 'still held',
  moreLike: (n: number) => `and ${n} more like this`,
  more: (n: number) => `and ${n} more`,
  kind: {
    inversion: 'Two orders that contradict each other',
    nesting: 'Two locks of one class',
    wait: 'A wait with a lock held',
    assertion: 'A rule about a lock',
  },
  lockdep: 'What lockdep says',
  at: (task: string, line: number) => `${task}, line ${line}`,
  line: (line: number) => `line ${line}`,
  order: 'Order of locks',
  orders: (n: number) => `${counted(n, 'order')} seen so far`,
  ordersAgree: (n: number) => `${counted(n, 'order')} seen so far, none contradicts another`,
} as const;
