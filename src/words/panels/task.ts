/** A task in progress. */
export const TASK = {
  state: { ready: 'can go on', blocked: 'waits', finished: 'is over' },
  deadlock: 'deadlock',
  holds: 'holds',
  noLock: 'no lock',
  waitsFor: 'waits for',
  inItsWay: 'in its way',
  next: 'next',
  cameTo: 'came to',
  step: 'Step',
  finish: 'Finish',
  timeOut: 'Let its time run out',
  toRead: 'to read',
  of: 'of',
  atMost: (limit: string) => `, ${limit} at most`,
} as const;
