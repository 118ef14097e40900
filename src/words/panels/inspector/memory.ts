import { counted } from '../../counted';
import { grouped } from '../../locale';

/** Of an address space. */
export const SPACE = {
  areas: (n: number, size: string) => `${counted(n, 'area')}, ${size} mapped`,
  empty: 'Empty: no DMA of its devices reaches memory.',
  unmap: 'unmap',
  unmapAt: (iova: string) => `Unmap ${iova}`,
  range: (start: string, last: string) => `${start} to ${last}`,
  inWork: 'in work',
  copyFrom: 'Copy from…',
  alignment: 'alignment',
  largePages: 'large pages',
  noLargePages: 'off: every entry is one page',
  accesses: 'accesses',
  hwpts: 'HWPTs',
  reserved: 'Reserved',
  allowed: 'Allowed by the program',
} as const;

/** The form that maps memory. */
export const MAP = {
  title: 'Map memory',
  new: 'new',
  length: 'length',
  allOfIt: 'all of it',
  atIova: 'at IOVA',
  kernelChooses: 'kernel chooses',
  may: 'the device may',
  rw: 'read and write',
  r: 'read',
  w: 'write',
  backedBy: 'backed by pages of',
  largest: 'the largest that fit',
  map: 'Map',
} as const;

/** The memory behind areas. */
export const PAGES = {
  title: 'Pages',
  pages: (n: number) => counted(n, 'page'),
  of: { memory: 'of process memory', file: 'of a file', 'dma-buf': 'of a dma-buf' },
  readOnly: 'read only',
  shared: (areas: number) => `shared by ${areas} areas`,
  pinned: (n: number) => (n === 0 ? 'none pinned' : `${grouped(n)} pinned`),
  account: {
    none: '{pinned}, {counted} against no limit',
    user: '{pinned}, {counted} against the user’s limit',
    mm: '{pinned}, {counted} against the process’s limit',
  },
  counted: 'counted',
  tier: { access: 'table of accesses', domain: 'page table of', nowhere: 'nowhere: not pinned' },
  pins: (n: number) => `${counted(n, 'pin')} by accesses`,
  locked: 'cannot be unmapped',
  inTheMaking: 'a domain in the making',
} as const;

/** Of a page table. */
export const HWPT = {
  table: 'Table',
  ofTheGuest:
    'Its entries are the guest’s: only the guest and the hardware read them. What they give is translated again by the parent.',
  format: 'format',
  levels: 'levels',
  guestRoot: 'root, to the guest',
  root: 'root at',
  leaves: 'leaf entries',
  leavesOf: (size: string) => `of ${size}`,
  tablePages: 'table pages',
  tag: 'tagged in caches',
  serves: (n: number) => `Serves ${counted(n, 'device')}`,
  nobody: 'nobody',
  made: 'made',
  auto: 'by an attach, automatically',
  byAlloc: 'by HWPT_ALLOC',
  nesting: 'nesting',
  mayNest: 'may be the parent of a nested table',
  parent: 'parent',
  oneOfSeveral: 'devices may use it for one of several',
  dirty: 'dirty pages',
  tracked: 'can be tracked',
  pageFaults: 'page faults',
  users: 'users',
  tracking: 'Dirty tracking…',
  bitmap: 'Dirty pages?',
} as const;

/** Of a process. */
export const PROCESS = {
  give: 'Give it memory',
  mmap: 'mmap',
  buffers: 'Buffers',
  none: 'None yet.',
  pages: 'pages',
  virtual: 'virtual',
  firstByte: 'first byte at',
  pinned: 'pinned',
  pinnedPages: (n: number) => `${grouped(n)} pages`,
  openedBy: 'opened by',
  objects: 'objects',
} as const;
