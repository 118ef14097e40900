/** About this playground, in Help. */
export const ABOUT = {
  title: 'This playground',
  version: 'Version {version}',
  development: 'of the development server',
  check: 'Check for a new version',
  privacy:
    'It asks no other server for anything but a script that a link names, counts nobody, and sends nothing: what you do stays in this browser.',
  states: {
    file: 'This is the playground in one file: it needs no network and no server.',
    preparing: 'It is being kept for use without a network…',
    ready: 'It works without a network.',
    'no-room': 'It could not be kept for use without a network: this browser has no room left for it.',
    incomplete:
      'It could not be kept for use without a network: not all of its files could be loaded. It is tried again at the next visit.',
    off: 'It needs its server: you have asked for nothing to be kept here.',
    unavailable: 'It needs its server: this browser, or this way of opening it, lets no page be kept.',
  },
} as const;
