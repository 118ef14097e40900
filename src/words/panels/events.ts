import { counted } from '../counted';
import { grouped } from '../locale';

/** Everything that happened inside the machine. */
export const EVENTS = {
  scope: 'Events of',
  thisLine: 'This line',
  line: (line: number) => `Line ${line}`,
  allLines: 'All lines so far',
  search: 'Search events',
  searchHint: 'Search',
  kinds: 'Kinds',
  events: (n: number) => counted(n, 'event'),
  eventsOf: (shown: number, all: number) => `${grouped(shown)} of ${counted(all, 'event')}`,
  noneSoFar: 'Nothing happened inside the machine so far. Go to a line such as {boot}, {attach} or {dma}.',
  noneHere: 'Nothing happened inside the machine here. Go to a line such as {boot}, {attach} or {dma}.',
  earlier: 'Earlier',
  later: 'Later',
  from: (first: number, all: number) => `from ${grouped(first)} of ${counted(all, 'event')}`,
  onlyOf: 'Only of {object}',
  onlyOfButton: (object: string) => `Only of ${object}`,
  everything: 'Show events of everything',
  title: 'Events',
  lineBefore: 'Line',
  many: 'many',
  atThisLine: (n: number) => `${counted(n, 'event')} at this line`,
} as const;

/** What people call a kind of event, where that is not its name. */
export const EVENT_KINDS = { log: 'kernel', 'guest-error': 'misuse', unimplemented: 'lacking' } as const;

/** One event in words. */
export const EVENT = {
  ioctlNumber: (cmd: string) => `ioctl ${cmd}`,
  ioctl: (name: string, file: string, end: string) => `${name} on ${file} = ${end}`,
  errno: (errno: number) => `-1, errno ${errno}`,
  lock: {
    acquire: (lock: string) => `takes ${lock}`,
    release: (lock: string) => `drops ${lock}`,
    wait: (lock: string) => `waits for ${lock}`,
  },
  register: {
    read: (name: string, value: string) => `reads ${name} → ${value}`,
    write: (name: string, value: string) => `writes ${name} = ${value}`,
  },
  kernels: (group: string, count: number) => `${group} is the kernel’s, count ${count}`,
  belongs: (group: string, owner: string, count: number) => `${group} belongs to ${owner}, count ${count}`,
  domain: (device: string, from: string, to: string) => `${device}: ${from} → ${to}`,
  noDomain: 'none',
  map: (domain: string, start: string, last: string, entries: number) =>
    `${domain}: ${start}–${last}, ${counted(entries, 'entry', 'entries')} written`,
  unmap: (domain: string, start: string, last: string, entries: number) =>
    `${domain}: ${start}–${last}, ${counted(entries, 'entry', 'entries')} cleared`,
  command: (name: string, effect: string) => `${name}: ${effect}`,
  level: (level: number) => `level ${level}`,
  read: (what: string, index: number, address: string, words: string) =>
    `${what} [${index}] at ${address} = ${words}`,
  queue: {
    command: (index: number, address: string, words: string) =>
      `command fetched from [${index}] at ${address} = ${words}`,
    event: (index: number, address: string, words: string) =>
      `record written to [${index}] at ${address} = ${words}`,
    'page-request': (index: number, address: string, words: string) =>
      `page request written to [${index}] at ${address} = ${words}`,
  },
  cache: (cache: string, op: string, tag: string) => `${cache} ${op}: ${tag}`,
  dma: {
    read: (device: string, bytes: number, iova: string, end: string) =>
      `${device} reads ${counted(bytes, 'byte')} at ${iova} ${end}`,
    write: (device: string, bytes: number, iova: string, end: string) =>
      `${device} writes ${counted(bytes, 'byte')} at ${iova} ${end}`,
  },
  blocked: 'blocked',
  fault: (reason: string, name: string) => `${reason} ${name}`,
  unrecorded: (reason: string, name: string) => `${reason} ${name}, not recorded`,
} as const;
