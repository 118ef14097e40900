import type { LineResult } from '../../engine/sim/batch';
import type { IoctlEvent, TraceEvent } from '../../engine/trace/event';
import type { Evidence } from '../evidence';
import { unmet, verdict, type Predicate } from './predicate';
import * as says from '../../words/lesson-files';

/** How lines came out: what the kernel refused, what had to wait, which calls were made. */

const ended =
  (status: LineResult['status'], none: string): Predicate['judge'] =>
  (_args, { results }) => {
    const found = results.find((result) => result.status === status);
    return found === undefined ? unmet(none) : verdict(true, found.why ?? found.result);
  };

const refused: Predicate = {
  usage: 'ERRNO [rule=FUNCTION]',
  words: [1, 1],
  options: ['rule'],
  judge({ words: [errno], options }, { results }) {
    const refusals = results.filter((result) => result.errno !== null);
    const met = refusals.some(
      (result) =>
        result.errno === errno && (options.rule === undefined || (result.rule ?? '').includes(options.rule)),
    );
    const last = refusals.at(-1);
    return verdict(
      met,
      last === undefined ? says.theKernelHasRefusedNothing : `${last.errno ?? ''}: ${last.why ?? ''}.`,
    );
  },
};

const callsOf = ({ events }: Evidence, name: string): readonly IoctlEvent[] =>
  events.flatMap((line) =>
    line.events.flatMap((event) => (event.kind === 'ioctl' && event.name === name ? [event] : [])),
  );

const called: Predicate = {
  usage: 'IOCTL [count=N]',
  words: [1, 1],
  options: ['count'],
  judge({ words: [name = ''], options }, evidence) {
    const calls = callsOf(evidence, name);
    const good = calls.filter(({ returned }) => returned >= 0);
    const seen =
      calls.length === 0
        ? says.wasNotCalledInThisStepYet(name)
        : says.calledSucceeded(name, calls.length, good.length);
    return verdict(good.length >= Number(options.count ?? 1), seen);
  },
};

/** Pages that a bitmap of dirty pages told of: the program's answer of each call that succeeded. */
const bitmap: Predicate = {
  usage: '[least=N] [most=N]',
  words: [0, 0],
  options: ['least', 'most'],
  judge({ options }, evidence) {
    const read = new Set(
      evidence.events.flatMap(({ line, events }) => (events.some(isBitmap) ? [line] : [])),
    );
    const counts = evidence.results.flatMap(({ line, result }) => (read.has(line) ? [pagesIn(result)] : []));
    const last = counts.at(-1);
    if (last === undefined) return unmet(says.noBitmapWasRead);
    const [least, most] = [Number(options.least ?? 0), Number(options.most ?? Infinity)];
    const met = counts.some((pages) => pages >= least && pages <= most);
    return verdict(met, says.theLastBitmapToldOf(last));
  },
};

const isBitmap = (event: TraceEvent): boolean =>
  event.kind === 'ioctl' && event.name === 'IOMMU_HWPT_GET_DIRTY_BITMAP' && event.returned >= 0;

/** `2 dirty pages of 4 KiB: …`, or that nothing was written. */
const pagesIn = (result: string): number => Number(/^(\d+) dirty pages? /.exec(result)?.[1] ?? 0);

export const CALL_PREDICATES = {
  refused,
  called,
  bitmap,
  waits: {
    usage: '',
    words: [0, 0],
    options: [],
    judge: ended('waits', says.nothingHasHadToWait),
  },
  deadlock: { usage: '', words: [0, 0], options: [], judge: ended('deadlock', says.nothingIsDeadlocked) },
} as const satisfies Readonly<Record<string, Predicate>>;
