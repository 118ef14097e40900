/** What the sysfs browser says. */
export const SYSFS_WORDS = {
  path: 'Path',
  copyPath: 'Copy the path',
  copied: 'the path',
  shownBy: 'shown by',
  storedBy: 'written to',
  source: 'source',
  document: 'described in',
  about: 'is about',
} as const;
