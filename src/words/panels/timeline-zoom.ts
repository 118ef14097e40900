/** The scrubber shows a part of the script: buttons, and commands of the same names. */
export const TIMELINE_ZOOM = {
  group: 'Zoom the timeline',
  in: 'Zoom the timeline in',
  out: 'Zoom the timeline out',
  all: 'Show the whole timeline',
  /** Above the keys that do it, in Help. */
  keys: 'On the timeline',
  searched: 'scrubber marks lines nearer',
  tooShort: 'The script is short enough to be seen as it is.',
  whole: 'It shows the whole script already.',
} as const;
