import type { TraceEvent } from '../../engine/trace/event';

/** Shapes of the strip, the most telling last: of several events in one place that one is drawn. */
export type Shape =
  'lock' | 'register' | 'cache' | 'read' | 'dma' | 'object' | 'table' | 'flush' | 'call' | 'log' | 'fault';
export const SHAPES: readonly Shape[] = [
  'lock',
  'register',
  'cache',
  'read',
  'dma',
  'object',
  'table',
  'flush',
  'call',
  'log',
  'fault',
];

const SHAPE_OF: Readonly<Record<TraceEvent['kind'], Shape>> = {
  lock: 'lock',
  register: 'register',
  cache: 'cache',
  queue: 'cache',
  read: 'read',
  dma: 'dma',
  ownership: 'object',
  domain: 'object',
  map: 'table',
  unmap: 'table',
  command: 'flush',
  ioctl: 'call',
  log: 'log',
  'guest-error': 'fault',
  unimplemented: 'fault',
  fault: 'fault',
};

export interface StripMark {
  readonly shape: Shape;
  /** Index of the event that it stands for: of several the first of its shape. */
  readonly index: number;
  readonly events: number;
}

/** Marks that the eye still tells apart. */
export const STRIP_PLACES = 60;

/** Events in a row of marks: each its own where there is room, else those of one place share one. */
export function stripOf(events: readonly Pick<TraceEvent, 'kind'>[]): readonly StripMark[] {
  const perPlace = Math.max(1, Math.ceil(events.length / STRIP_PLACES));
  const marks: StripMark[] = [];
  for (let start = 0; start < events.length; start += perPlace) {
    const place = events.slice(start, start + perPlace);
    const shapes = place.map(({ kind }) => SHAPE_OF[kind]);
    const shape = SHAPES.findLast((each) => shapes.includes(each)) ?? 'lock';
    marks.push({ shape, index: start + shapes.indexOf(shape), events: place.length });
  }
  return marks;
}
