import { counted } from '../counted';
import { grouped } from '../locale';

/** What happened inside a line, event by event. */
export const EVENT_STRIP = {
  beforeFirst: 'Before the first line',
  nothing: 'Nothing happened inside the machine at this line',
  inside: (n: number, line: number) => `${counted(n, 'event')} inside line ${line}`,
  insideDrawn: (n: number, line: number, drawn: number) =>
    `${counted(n, 'event')} inside line ${line}, the first ${grouped(drawn)} drawn`,
  label: 'Event inside the line',
} as const;
