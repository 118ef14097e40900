/** What the page says of versions, and of working without a network. */
export const OFFLINE = {
  ready: 'A new version is ready.',
  taken: 'Another tab has changed to a new version. This one goes on with the old one until it is reloaded.',
  reload: 'Reload',
  later: 'Later',
  newest: (version: string) => `This is the newest version: ${version}.`,
  loading: 'A newer version is being loaded. You will be asked before it is used.',
  noNetwork: 'There is no network: whether there is a newer version cannot be asked now.',
  noAnswer: 'The server does not say whether there is a newer version.',
  notTaken: 'The new version could not take over. Close the other tabs of the playground, and try again.',
  forgotten: 'What was kept for use without a network is gone.',
  keeping: 'It is being kept for use without a network.',
  cannotKeep: 'This browser, or this way of opening the page, lets nothing be kept.',
  isKept: 'It is kept already.',
  nothingNewer: 'No newer version is ready.',
  noCopy: 'Nothing is kept.',
} as const;

/** Commands about the playground itself. */
export const APP_COMMANDS = {
  update: { label: 'Reload into the new version', words: 'update upgrade release' },
  check: { label: 'Check for a new version', words: 'update upgrade release about' },
  keep: {
    label: 'Keep this playground for use without a network',
    words: 'offline cache storage service worker install app',
  },
  forget: {
    label: 'Forget what is kept for use without a network',
    words: 'offline cache storage service worker remove delete uninstall',
  },
} as const;
