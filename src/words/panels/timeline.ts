/** The script as time. */
export const TIMELINE = {
  playback: 'Playback',
  first: 'To the beginning',
  stepBack: 'Step back',
  pause: 'Pause',
  play: 'Play',
  step: 'Step',
  speed: 'Speed, steps a second',
  speedTip: 'Steps a second',
  perSecond: (n: number) => `${n}/s`,
  line: 'Line of the script',
  at: (line: number, total: number) => `after line ${line} of ${total}`,
  tempo: 'Tempo of look-ups',
  instant: 'Instant: the result at once',
  walk: 'Walk: a level a beat',
  byHand: 'By hand: each access waits for .',
  tempoTip: (tempo: string) => `${tempo} (T for the next)`,
} as const;
