import { counted } from '../../counted';
import { grouped } from '../../locale';

/** Of an access. */
export const ACCESS = {
  title: 'Access',
  reaches: 'reaches',
  detached: 'nothing: it was detached',
  may: 'may',
  internal: 'hold the memory of a HW queue: it cannot be unmapped',
  pins: 'hold pages pinned: it needs whole ones',
  plain: 'read and write, but hold no page',
} as const;

/** Of a fault queue. */
export const FAULT_QUEUE = {
  title: 'Fault queue',
  of: 'faults of',
  noHwpt: 'no HWPT',
  toRead: 'To be read',
  noneToRead: 'No fault waits to be read.',
  toAnswer: 'To be answered',
  noneToAnswer: 'No fault waits for an answer.',
  cookie: 'cookie',
  address: 'address',
  wants: 'wants',
} as const;

export const SELFTEST = {
  title: 'Mock device',
  says: 'A device of the kernel’s self-tests: it has a driver and an IOMMU, but does no DMA.',
} as const;

/** Of an IOMMU. */
export const IOMMU = {
  translation: 'translation',
  on: 'on',
  off: 'off: every DMA passes untranslated',
  width: 'address width',
  bits: (n: number) => `${n} bits`,
  abilities: 'abilities',
  caches: 'Caches',
  registers: 'Registers',
  queues: 'Queues',
  scope: (n: number) => `In its scope: ${n}`,
  queue: (head: number, tail: number, size: number) => `head ${head}, tail ${tail} of ${size}`,
  done: (n: number) => `· ${grouped(n)} done`,
  used: (used: number, size: number) => `${used} of ${size}`,
  stale: (n: number) => `${n} stale`,
  faults: (n: number) => `Faults recorded: ${n}`,
  noFaults: 'None.',
} as const;

/** Of traffic. */
export const TRAFFIC = {
  title: 'Traffic',
  does: 'does',
  read: {
    ring: (size: string) => `reads of ${size}, one after another, and round again`,
    random: (size: string) => `reads of ${size}, anywhere in the range`,
    scatter: (size: string) => `reads of ${size}, lists of pieces of uneven sizes`,
  },
  write: {
    ring: (size: string) => `writes of ${size}, one after another, and round again`,
    random: (size: string) => `writes of ${size}, anywhere in the range`,
    scatter: (size: string) => `writes of ${size}, lists of pieces of uneven sizes`,
  },
  accesses: (n: number) => `${grouped(n)} accesses so far`,
  cached: 'cached',
  walked: 'walked',
  blocked: 'blocked',
  noneBlocked: '0: no access saw a gap',
  firstBlocked: 'first blocked',
  firstAt: (line: number) => `line ${line}, at {iova}`,
} as const;

/** Of what a guest gets. */
export const GUEST = {
  sliceOf: 'slice of',
  depends: 'What depends on it',
  vdevices: 'vDEVICEs',
  nested: 'nested HWPTs',
  veventqs: 'vEVENTQs',
  hwQueues: 'HW queues',
  vdevice: 'vDEVICE',
  virtId: 'id in the guest',
  unbound: 'gone: it was unbound',
  veventq: 'vEVENTQ',
  waiting: 'waiting',
  events: (queued: number, depth: number) => `${queued} of ${counted(depth, 'event')}`,
  lost: 'events were lost',
  hwQueue: 'HW queue',
  index: 'index',
  locked: (size: string) => `${size}, locked: it cannot be unmapped`,
} as const;
