import type { RunAsk } from '../worker/api';
import { createEngine } from '../worker/engine';
import { chance } from '../testing/chance';
import { longScene } from './long-scene';
import type { Clock } from './measure';

/** What a person waits for: milliseconds, from the gesture to the reply as the page has it. */
export interface TimeMeasurement {
  readonly name: string;
  readonly unit: 'ms';
  /** Half of them take no longer, and 19 of 20. */
  readonly p50: number;
  readonly value: number;
  /** The least that could be done, in the same run. */
  readonly reference: { readonly name: string; readonly value: number };
  /** Milliseconds that 19 of 20 may take. */
  readonly most: number;
}

const LINES = 10_000;
const TRIES = 60;
/** Between two gestures of a person, as far as the engine's thread can use it. */
const PAUSE_MS = 250;

/** And from one drag to the next. */
const DRAG_PAUSE_MS = 1000;

const part = (values: readonly number[], of: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * of)] ?? 0;

/** Seeking in a script of ten thousand lines, acting at its end, undoing that, and the start of a drag. */
export async function measureTime(clock: Clock): Promise<readonly TimeMeasurement[]> {
  const now = (): number => clock() * 1000;
  let work: () => boolean = () => false;
  const engine = createEngine({ now, whenIdle: (wanted) => (work = wanted) });
  const rest = (pause = PAUSE_MS): void => {
    const end = now() + pause;
    while (now() < end && work());
  };
  const script = longScene(LINES);
  let epoch = 0;
  const run = async (ask: Pick<RunAsk, 'cursor' | 'known'>): Promise<number> => {
    const reply = structuredClone(await engine.run({ script, watch: null, epoch, ...ask }));
    if (reply.status === 'failed') throw new Error(reply.why);
    epoch = reply.batch.epoch;
    return reply.batch.cursor;
  };
  for (let known = 0; known < LINES;) known = await run({ cursor: null, known });

  const times = async (count: number, gesture: () => Promise<unknown>): Promise<readonly number[]> => {
    const taken: number[] = [];
    for (let n = 0; n < count; n++) {
      rest();
      const began = now();
      await gesture();
      taken.push(now() - began);
    }
    return taken;
  };
  while (work());
  const pick = chance(LINES);
  const seeks = await times(TRIES, () => run({ cursor: pick(LINES + 1), known: LINES }));
  await run({ cursor: LINES, known: LINES });
  const acts: number[] = [];
  const undos: number[] = [];
  for (let n = 0; n < TRIES / 3; n++) {
    const line = ['dma 01:00.0 read 0x100080 64'];
    acts.push(...(await times(1, async () => structuredClone(await engine.append(line)))));
    undos.push(...(await times(1, () => run({ cursor: null, known: LINES }))));
  }
  const drags: number[] = [];
  for (let n = 0; n < TRIES / 6; n++) {
    await engine.append(['dma 01:00.0 read 0x100080 64']);
    rest(DRAG_PAUSE_MS);
    drags.push(...(await times(1, async () => structuredClone(await engine.targets('dev:0000:01:00.0')))));
  }

  const world = await engine.moment(null, LINES);
  const copies = await times(TRIES, async () => structuredClone(world));
  const reference = { name: 'structuredClone of that world', value: part(copies, 0.95) };
  const row = (name: string, taken: readonly number[], most: number): TimeMeasurement => ({
    name,
    unit: 'ms',
    p50: part(taken, 0.5),
    value: part(taken, 0.95),
    reference,
    most,
  });
  return [
    row('seek to any line of 10,000', seeks, 100),
    row('a line at their end', acts, 50),
    row('undo of it', undos, 50),
    row('targets at the start of a drag there', drags, 50),
  ];
}
