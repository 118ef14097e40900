import { counted } from '../../counted';

/** Changes that are tried before they are made. */
export const WHAT_IF = {
  title: 'What if',
  device: 'Device or port to change',
  choose: 'Choose one',
  changed: 'The script is changed. Undo takes it back.',
  count: (n: number) => counted(n, 'change'),
  changes: 'Changes',
  takeBack: (change: string) => `Take back: ${change}`,
  refused: (why: string) => `Not possible: ${why}.`,
  grouping: 'Grouping the changed machine…',
  apply: 'Apply to the script',
  discard: 'Discard',
} as const;

/** A change as a person would say it. */
export const CHANGE = {
  move: (device: string, port: string) => `The card of ${device} goes to the slot behind ${port}`,
  acsOfLinux: (device: string) => `ACS of ${device} as Linux sets it`,
  acs: (device: string, bits: string) => `ACS of ${device}: ${bits === '' ? 'all off' : bits}`,
  noCmdline: 'No words on the kernel command line',
  cmdline: (text: string) => `Boot with ${text}`,
  vfs: (device: string, n: number) =>
    n === 1 ? `${device} gets 1 virtual function` : `${device} gets ${n} virtual functions`,
  remove: (device: string) => `${device} is pulled out`,
  rescan: (device: string) => `${device} is removed in sysfs and found again`,
  add: (card: string, port: string) => `${card} is plugged in behind ${port}`,
} as const;

/** What became of the groups. */
const groupNames = (numbers: readonly number[]): string =>
  numbers.length === 1 ? `Group ${numbers[0] ?? ''}` : `Groups ${listed(numbers.map(String))}`;

/** `1, 3 and 7` */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;

type Kind = 'split' | 'merged' | 'regrouped' | 'changed' | 'appeared' | 'vanished';

export const DIFFERENCE = {
  nothing: 'Nothing changes: every device stays with the same others.',
  onlyUngrouped: 'Only who has a group changes.',
  /** How often each, in the order in which they came. */
  summary: (kinds: ReadonlyMap<Kind, number>) =>
    `${[...kinds].map(([kind, n]) => `${n} ${KINDS[kind]}`).join(', ')}.`,
  split: (groups: readonly number[], into: number) => `${groupNames(groups)} splits into ${into}`,
  merged: (groups: readonly number[]) => `${groupNames(groups)} become one`,
  regrouped: (groups: readonly number[]) => `${groupNames(groups)} exchange devices`,
  appeared: (groups: readonly number[]) => `${groupNames(groups)} is new`,
  vanished: (groups: readonly number[]) => `${groupNames(groups)} is gone`,
  changed: (groups: readonly number[], won: number, lost: number) => {
    if (lost === 0 && won === 0) return `${groupNames(groups)} moves`;
    const parts = [
      won > 0 && `wins ${counted(won, 'device')}`,
      lost > 0 && `loses ${counted(lost, 'device')}`,
    ];
    return `${groupNames(groups)} ${parts.filter(Boolean).join(' and ')}`;
  },
  showMore: (n: number) => `Show ${n} more`,
  grouped: 'gets a group that it did not have:',
  ungrouped: 'has no group any more:',
  same: (n: number) =>
    n === 1 ? '1 other group is as before.' : `${counted(n, 'other group')} are as before.`,
  laterLines: 'later lines',
  problem: (why: string) => `The script goes on with something that does not fit the changed machine: ${why}`,
  side: { before: 'before', after: 'after' },
  wasNotThere: 'was not there',
  none: 'none',
  group: (number: number) => `group ${number}`,
  gone: 'gone',
  new: 'new',
  was: (device: string) => `was ${device}`,
} as const;

const KINDS: Readonly<Record<Kind, string>> = {
  split: 'split up',
  merged: 'merged',
  regrouped: 'exchange',
  changed: 'changed',
  appeared: 'new',
  vanished: 'gone',
};
