import type { Task } from '../../kernel/task';
import { handlePageRequests } from '../page-requests';
import { mismatch, type Outcome } from '../statement';
import { runOf } from '../traffic/background';
import { Stream, type StreamSpec } from '../traffic/stream';
import type { TrafficPattern } from '../world';
import { pasidOf } from './dma';
import { deviceAt, found, kernelVerb, mistake, named, said, type Found, type VerbContext } from './verb';

/** Of one line. */
const MOST_ACCESSES = 100_000n;
/** A request of PCI Express carries no more. */
const MOST_BYTES = 4096n;
const PATTERNS: readonly TrafficPattern[] = ['ring', 'random', 'scatter'];

/** `burst 01:00.0 read 0x100000-0x13ffff 64 count=1000 pattern=random` */
export const burst = kernelVerb(function* (context): Task<Outcome> {
  const { args, machine } = context;
  const spec = specOf(context);
  if (!spec.ok) return spec;
  const count = args.size('count');
  if (count === null || count < 1n || count > MOST_ACCESSES)
    return mistake(`one line makes 1 to ${MOST_ACCESSES} accesses`, args.columnOf('count'));
  const stream = new Stream(machine, spec.value);
  let first: bigint | null = null;
  while (stream.tally.accesses < Number(count)) {
    const done = machine.traffic.fire(stream);
    if (done === null) yield* waitForAnswer(context, stream);
    else if (done.outcome === 'blocked') first ??= done.iova;
  }
  machine.traffic.made(runOf(machine.scheduler.line, stream, null, stream.tally));
  return judge(context, stream, first);
});

/** The device waits with an access that its IOMMU holds. */
function* waitForAnswer({ machine }: VerbContext, stream: Stream): Task<void> {
  const { unit, held } = stream;
  if (unit !== null) yield* handlePageRequests(machine, unit);
  if (stream.answered || held === null) return;
  const what = `an answer to its stalled transaction (STAG ${held.stag})`;
  yield { op: 'wait', what, until: () => stream.answered, limit: null, byScript: true };
}

function judge({ args }: VerbContext, { tally, spec }: Stream, first: bigint | null): Outcome {
  const { accesses, hits, misses, blocked } = tally;
  const rest = accesses - hits - misses - blocked;
  const phrase = [
    `${accesses} accesses: ${hits} hits`,
    `${misses} misses`,
    ...(rest === 0 ? [] : [`${rest} not translated`]),
    `${blocked} blocked`,
  ].join(', ');
  for (const [word, found] of Object.entries({ hits, misses, blocked })) {
    const wanted = args.size(word);
    if (wanted !== null && wanted !== BigInt(found)) return mismatch(`${phrase}; not ${wanted} ${word}`);
  }
  if (first === null || args.size('blocked') !== null) return said(phrase);
  return {
    ok: false,
    phrase,
    fault: `${blocked} of ${accesses} accesses did not get through; the first was to 0x${first.toString(16)}`,
    culprit: spec.device.worldId,
  };
}

/** `net = traffic 01:00.0 write 0x100000-0x13ffff 256` */
export const traffic = kernelVerb((context) => {
  const { args, machine } = context;
  const { name } = args.statement;
  if (name === null) return mistake('traffic needs a name, by which it is stopped');
  if (machine.traffic.get(name) !== null) return mistake(`${name} is under way already; stop it first`);
  const spec = specOf(context);
  if (!spec.ok) return spec;
  machine.traffic.start(name, new Stream(machine, spec.value));
  machine.names.set(name, { kind: 'traffic', name });
  return said('');
});

/** `stop net` */
export const stop = kernelVerb((context) => {
  const { machine, args } = context;
  const name = named(context, 0, 'traffic');
  if (!name.ok) return name;
  const background = machine.traffic.get(name.value.name);
  if (background === null) return mistake(`${name.value.name} is over already`, args.column(0));
  machine.traffic.stop(name.value.name);
  const { accesses, hits, misses, blocked } = background;
  return said(`${accesses} accesses: ${hits} hits, ${misses} misses, ${blocked} blocked`);
});

function specOf(context: VerbContext): Found<StreamSpec> {
  const { args } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const access = args.word(1);
  if (access !== 'read' && access !== 'write') return mistake('a DMA is a read or a write', args.column(1));
  const range = args.at(2);
  if (range?.kind !== 'range' || range.last >= 1n << 64n || range.start > range.last)
    return mistake('say where, as start-last', args.column(2));
  const { start, last } = range;
  const size = args.number(3);
  if (size === null || size < 1n || size > MOST_BYTES)
    return mistake(`a request has 1 to ${MOST_BYTES} bytes`, args.column(3));
  if (last - start + 1n < size) return mistake(`the range has no room for ${size} bytes`, args.column(2));
  const pattern = PATTERNS.find((each) => each === (args.option('pattern') ?? 'ring'));
  if (pattern === undefined) return mistake(`a pattern is ${PATTERNS.join(', ')}`, args.columnOf('pattern'));
  const seed = args.size('seed') ?? 1n;
  if (seed >= 1n << 32n) return mistake('a seed has 32 bits', args.columnOf('seed'));
  const pasid = pasidOf(context, device.value);
  if (!pasid.ok) return pasid;
  const spec = { device: device.value, access, start, last, size: Number(size), pattern } as const;
  return found({ ...spec, seed: Number(seed), pasid: pasid.value });
}
