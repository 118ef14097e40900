import type { TraceEvent } from './event';

/** Where the engine says what happened. Inner loops ask `on` first and stay silent when nobody listens. */
export interface Trace {
  readonly on: boolean;
  emit(event: TraceEvent): void;
}

export const silent: Trace = { on: false, emit: () => undefined };

/** Collects events until they are taken away. */
export class TraceBuffer implements Trace {
  on = true;
  private events: TraceEvent[] = [];

  emit(event: TraceEvent): void {
    if (this.on) this.events.push(event);
  }

  /** A place in the stream, for `since`. */
  mark(): number {
    return this.events.length;
  }

  since(mark: number): readonly TraceEvent[] {
    return this.events.slice(mark);
  }

  take(): readonly TraceEvent[] {
    const taken = this.events;
    this.events = [];
    return taken;
  }
}
