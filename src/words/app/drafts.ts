/** What the page says of drafts. */
export const DRAFT_WORDS = {
  title: 'Drafts',
  description: 'What you work on, kept in this browser alone. Nothing is sent anywhere.',
  none: 'Nothing is kept yet. A draft begins with your first change, and is saved by itself.',
  blocked:
    'This browser keeps nothing for this page: a private window, or a setting. Your work is in the link in the address bar, or save it as a file.',
  full: 'There is no room for more drafts: the browser’s storage for this page is full. Delete some, or save your work as a file.',
  openList: 'Open drafts',
  here: 'on this page',
  elsewhere: 'open in another tab',
  copy: 'This draft is open in another tab: this is a copy, and will be a draft of its own.',
  untitled: 'Untitled',
  open: 'Open',
  rename: 'Rename',
  save: 'Save file',
  remove: 'Delete',
  reallyRemove: 'Really delete?',
  history: 'History',
  done: 'Done',
  cancel: 'Cancel',
  nameOf: (title: string) => `Name of ${title}`,
  named: (action: string, title: string) => `${action} ${title}`,
  keepTitle: 'Keep a version',
  keepLabel: 'Name of the version',
  keepHint: 'before the replace',
  keep: 'Keep version',
  kept: (name: string) => `“${name}” is kept.`,
  nothingToKeep: 'There is no scene on the page.',
  versionsOf: (title: string) => `Versions of ${title}`,
  noVersions: 'No versions yet: one is kept every few minutes, and whenever you name one.',
  automatic: 'kept by itself',
  restore: 'Restore',
  restored: 'The version is back. Undo returns to what you had.',
  offer: 'Where you left off',
  goOn: 'Go on',
  all: (count: number) => (count === 1 ? 'All drafts' : `All ${count} drafts`),
  lines: (count: number) => (count === 1 ? '1 line' : `${count.toLocaleString('en')} lines`),
} as const;

const STEPS: readonly (readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit])[] = [
  [60, 'second'],
  [3600, 'minute'],
  [86_400, 'hour'],
  [30 * 86_400, 'day'],
  [365 * 86_400, 'month'],
  [Infinity, 'year'],
];
const SIZES: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  month: 30 * 86_400,
  year: 365 * 86_400,
};
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `12 minutes ago` */
export function agoWords(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 10) return 'just now';
  const unit = STEPS.find(([below]) => seconds < below)?.[1] ?? 'year';
  return relative.format(-Math.floor(seconds / (SIZES[unit] ?? 1)), unit);
}
