import { DEFECTS } from '../engine/iommufd/defects';
import { decodeKernelLines } from '../engine/sim/kernel-lines/decode';
import type { SimLine } from '../engine/sim/simulator';
import { diffWorlds, type World } from '../engine/sim/diff';
import type { LineResult, StepBatch } from '../engine/sim/batch';
import { describeIoctl } from '../engine/uapi/strace';
import { importMachine } from '../scenario/import/import-machine';
import { nameFunctions, wantNames } from '../scenario/import/name-functions';
import { PciIds } from '../scenario/import/pci-ids';
import { tooLong } from '../scenario/limits';
import { verdictOf } from '../engine/sim/passthrough/attempt';
import type { WorldId } from '../engine/sim/world';
import type { EngineApi, Target } from './api';
import { partitionOf } from './partition';
import { eventsOf, isOf, type EventsOfLine } from './timeline/events';
import { runTo } from './timeline/run';
import { ScriptLines } from './timeline/script-lines';
import { tablesOf } from './timeline/tables';
import { Telling } from './timeline/telling';
import { Timeline } from './timeline/timeline';

/** A run answers after so long, with what it has; work that nobody waits for yields after so long. */
const PART_MS = 80;
const SLICE_MS = 6;

/** What the engine may ask for when it needs it. */
export interface Outside {
  /** Milliseconds from some moment on. Without them every run goes to its end. */
  readonly now?: () => number;
  /** Calls the work again and again while nobody asks for anything, until it says false. */
  readonly whenIdle?: (work: () => boolean) => void;
  /** The PCI ID database as text; it throws where it cannot be had. */
  readonly readPciIds?: () => Promise<string>;
}

/** The engine behind its API: a script parser in front of a simulator. Runs in a worker, and headless in the doors. */
export function createEngine(outside: Outside = {}): EngineApi {
  const { now = () => 0, whenIdle = () => undefined } = outside;
  const scripts = new ScriptLines();
  let timeline = new Timeline(now);
  let epoch = 0;
  /** What the page was told of the world last. */
  let world: World = new Map();
  let lineEvents: EventsOfLine | null = null;

  const rest = (): void => whenIdle(() => timeline.work(SLICE_MS));

  /** What the page is told of lines that ran, and of the world since it was told last. */
  const told = ({ results, lookups, traffic, events }: Telling, reset: boolean): StepBatch => {
    const after = timeline.world();
    const { set, removed } = diffWorlds(reset ? new Map() : world, after);
    world = after;
    rest();
    return { epoch, reset, cursor: timeline.cursor, results, set, removed, lookups, traffic, events };
  };

  const parseGesture = (texts: readonly string[]): readonly SimLine[] =>
    texts.map((text, index) => scripts.line(text, timeline.cursor + index + 1));

  const tryOn = (texts: readonly string[]): LineResult[] => {
    const { simulator } = timeline.copyAt(timeline.cursor);
    const results: LineResult[] = [];
    for (const line of parseGesture(texts)) {
      const { result } = simulator.execute(line);
      results.push(result);
      if (!result.ok) break;
    }
    rest();
    return results;
  };

  /** Every plan is tried on a machine of its own. */
  const targetsOf = (deviceId: WorldId): readonly Target[] => {
    const plans = timeline.simulator.plans(deviceId);
    timeline.expectTries(plans.length);
    return plans.map((plan) => {
      const results = tryOn(plan.lines);
      const last = results.at(-1);
      const { errno = null, why = null, rule = null, culprit = null } = last ?? {};
      const ok = results.length === plan.lines.length && results.every((result) => result.ok);
      return { ...plan, ok, errno, why, rule, culprit };
    });
  };
  /** What was found where the machine stands: whoever let go of a device takes hold of it again. */
  let tried: {
    readonly lines: readonly SimLine[];
    readonly cursor: number;
    readonly targets: Map<WorldId, readonly Target[]>;
  } | null = null;

  const linesOf = (script: string | null): readonly SimLine[] =>
    script === null ? timeline.lines : scripts.read(script);
  let pciIds: PciIds | null = null;
  /** A listing of numbers alone gets names, if the database can be had. */
  const named = async (made: readonly string[]): Promise<readonly string[]> => {
    if (outside.readPciIds === undefined || !wantNames(made)) return made;
    try {
      pciIds ??= new PciIds(await outside.readPciIds());
    } catch {
      return made;
    }
    return nameFunctions(made, pciIds);
  };

  return {
    async load(script, cursor) {
      const why = tooLong(script);
      if (why !== null) return { status: 'failed', why };
      timeline = new Timeline(now);
      timeline.open(scripts.read(script));
      epoch++;
      const all = { cursor: cursor ?? timeline.lines.length, known: 0, watch: null, milliseconds: Infinity };
      return { status: 'ok', batch: told(runTo(timeline, all, now).telling, true) };
    },
    async run({ script, cursor, known, watch, epoch: had }) {
      const why = tooLong(script);
      if (why !== null) return { status: 'failed', why };
      timeline.open(scripts.read(script));
      const most = timeline.lines.length;
      const to = { cursor: Math.min(cursor ?? most, most), known, watch, milliseconds: PART_MS };
      const { telling, stoppedBy } = runTo(timeline, to, now);
      const reset = had === 0 || had !== epoch;
      epoch++;
      return { status: 'ok', batch: told(telling, reset), stoppedBy };
    },
    async append(texts) {
      const telling = new Telling();
      for (const step of timeline.append(parseGesture(texts))) telling.add(step);
      return { status: 'ok', batch: told(telling, false) };
    },
    async moment(script, cursor) {
      const objects = timeline.look(cursor, linesOf(script), (simulator) => [...simulator.world().values()]);
      rest();
      return objects;
    },
    async memoryAt(script, cursor, pa, bytes) {
      return timeline.look(cursor, linesOf(script), (simulator) => simulator.readMemory(pa, bytes));
    },
    async tablesAt(script, cursor, hwptId) {
      return timeline.look(cursor, linesOf(script), (simulator) => tablesOf(simulator, hwptId));
    },
    async entryAt(script, cursor, unitId, table, index) {
      return timeline.look(cursor, linesOf(script), (simulator) => simulator.peekEntry(unitId, table, index));
    },
    async events(line, from, to) {
      if (lineEvents === null || !isOf(timeline, line, lineEvents)) lineEvents = eventsOf(timeline, line);
      rest();
      return lineEvents?.events.slice(from, to) ?? [];
    },
    async targets(deviceId) {
      const { lines, cursor } = timeline;
      if (tried?.lines !== lines || tried.cursor !== cursor) tried = { lines, cursor, targets: new Map() };
      const found = tried.targets.get(deviceId) ?? targetsOf(deviceId);
      tried.targets.set(deviceId, found);
      return found;
    },
    async tryLines(texts) {
      return tryOn(texts);
    },
    async partition(script) {
      const why = tooLong(script);
      return why === null ? partitionOf(script) : { groups: [], ungrouped: [], problem: why };
    },
    async passthrough(deviceId) {
      const prospect = timeline.simulator.prospect(deviceId);
      if (prospect === null) return null;
      const { clearing, opening } = prospect;
      const refusedOf = (texts: readonly string[]): LineResult | null =>
        tryOn(texts).find((result) => !result.ok) ?? null;
      const asIs = refusedOf(opening);
      const cleared = asIs === null ? null : refusedOf([...clearing, ...opening]);
      return verdictOf(prospect, asIs, cleared);
    },
    async readMemory(pa, bytes) {
      return timeline.simulator.readMemory(pa, bytes);
    },
    async physical() {
      return timeline.simulator.physical();
    },
    async peekEntry(unitId, table, index) {
      return timeline.simulator.peekEntry(unitId, table, index);
    },
    async hardware(unitId) {
      return timeline.simulator.hardware(unitId);
    },
    async describeIoctls(calls) {
      return calls.map(describeIoctl);
    },
    async sysfs() {
      return timeline.simulator.sysfs();
    },
    async lockOrder() {
      const { observed = [], reports = [] } = timeline.simulator.lockdep ?? {};
      return { edges: observed, reports };
    },
    async defects() {
      return DEFECTS;
    },
    async importText(text) {
      const imported = importMachine(text);
      return imported.status === 'ok' ? { ...imported, lines: await named(imported.lines) } : imported;
    },
    async decodeLines(text) {
      return decodeKernelLines(text);
    },
  };
}
