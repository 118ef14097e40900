import type { TraceEvent } from './event';
import { structureEvent, type Wording } from './wording';

/** Where the engine says what happened. Inner loops ask `on` first and stay silent when nobody listens. */
export interface Trace {
  readonly on: boolean;
  emit(event: TraceEvent): void;
  /** The same for an event that is put into words only where somebody looks. */
  note<Word extends string>(
    wording: Wording<Word>,
    unit: string,
    word: Word,
    a: number,
    b?: number,
    c?: number,
    d?: number,
    e?: number,
  ): void;
  /** A structure was read, as structureEvent() has it. Its words are copied. */
  noteStructure(...read: Parameters<typeof structureEvent>): void;
}

export const silent: Trace = {
  on: false,
  emit: () => undefined,
  note: () => undefined,
  noteStructure: () => undefined,
};

/** Says each event to somebody at once. */
export const listener = (hear: (event: TraceEvent) => void, on = true): Trace => ({
  on,
  emit: hear,
  note: (wording, unit, word, a, b = 0, c = 0, d = 0, e = 0) => hear(wording(unit, word, a, b, c, d, e)),
  noteStructure: (...read) => hear(structureEvent(...read)),
});

/** Slots of an event: itself; of a note: its wording, unit and word. And a note's numbers. */
const SLOTS = 3;
const NUMBERS = 5;
/** Room that is kept from one look to the next: of so many events, and of so many words of structures. */
const ROOM = 4096;

/**
 * Collects events until they are taken away.
 *
 * Notes are kept as numbers: to make an object of each would cost most of what it costs to listen.
 */
export class TraceBuffer implements Trace {
  on = true;
  private count = 0;
  private slots: unknown[] = [];
  private numbers = new Float64Array(ROOM * NUMBERS);
  /** Of the structures that were noted. */
  private words = new Int32Array(ROOM);
  private wordCount = 0;

  emit(event: TraceEvent): void {
    if (this.on) this.keep(event, null, null);
  }

  note<Word extends string>(
    wording: Wording<Word>,
    unit: string,
    word: Word,
    a: number,
    b = 0,
    c = 0,
    d = 0,
    e = 0,
  ): void {
    if (!this.on) return;
    const at = this.count * NUMBERS;
    if (at + NUMBERS > this.numbers.length) this.numbers = wider(this.numbers, new Float64Array(2 * at));
    const { numbers } = this;
    numbers[at] = a;
    numbers[at + 1] = b;
    numbers[at + 2] = c;
    numbers[at + 3] = d;
    numbers[at + 4] = e;
    this.keep(wording, unit, word);
  }

  noteStructure(
    unit: string,
    structure: string,
    index: number,
    pa: number,
    words: Int32Array,
    at: number,
    count: number,
  ): void {
    if (!this.on) return;
    const begin = this.wordCount;
    const end = begin + count;
    if (end > this.words.length) this.words = wider(this.words, new Int32Array(2 * end));
    for (let n = 0; n < count; n++) this.words[begin + n] = words[at + n] as number;
    this.wordCount = end;
    this.note(this.structure, unit, structure, index, pa, begin, count);
  }

  /** A place in the stream, for `since`. */
  mark(): number {
    return this.count;
  }

  since(mark: number): readonly TraceEvent[] {
    const events: TraceEvent[] = [];
    for (let n = mark; n < this.count; n++) events.push(this.event(n));
    return events;
  }

  /** Everything since a place in the stream was of no interest. */
  forget(mark: number): void {
    if (mark >= this.count) return;
    this.slots.fill(null, mark * SLOTS, this.count * SLOTS);
    this.count = mark;
  }

  take(): readonly TraceEvent[] {
    const taken = this.since(0);
    this.drop();
    return taken;
  }

  /** What the kernel printed; everything stays. */
  logs(): readonly TraceEvent[] {
    const logs: TraceEvent[] = [];
    for (let n = 0; n < this.count; n++) {
      const kept = this.slots[n * SLOTS] as TraceEvent | Wording;
      if (typeof kept !== 'function' && kept.kind === 'log') logs.push(kept);
    }
    return logs;
  }

  /** Forgets what was collected: nobody looked. */
  drop(): void {
    if (this.count > ROOM) {
      this.slots = [];
      this.numbers = new Float64Array(ROOM * NUMBERS);
    } else this.slots.fill(null, 0, this.count * SLOTS);
    if (this.wordCount > ROOM) this.words = new Int32Array(ROOM);
    this.count = 0;
    this.wordCount = 0;
  }

  private keep(what: unknown, unit: string | null, word: string | null): void {
    const { slots } = this;
    const at = this.count * SLOTS;
    slots[at] = what;
    slots[at + 1] = unit;
    slots[at + 2] = word;
    this.count++;
  }

  /** An event, or what a note says. Nothing is put into words twice. */
  private event(n: number): TraceEvent {
    const { slots, numbers } = this;
    const kept = slots[n * SLOTS] as TraceEvent | Wording;
    if (typeof kept !== 'function') return kept;
    const number = (k: number): number => numbers[n * NUMBERS + k] as number;
    const [unit, word] = [slots[n * SLOTS + 1] as string, slots[n * SLOTS + 2] as string];
    const event = kept(unit, word, number(0), number(1), number(2), number(3), number(4));
    slots[n * SLOTS] = event;
    return event;
  }

  private readonly structure: Wording = (unit, structure, index, pa, begin, count) =>
    structureEvent(unit, structure, index, pa, this.words, begin, count);
}

/** The same with more room. */
function wider<T extends Float64Array | Int32Array>(old: T, room: T): T {
  room.set(old);
  return room;
}
