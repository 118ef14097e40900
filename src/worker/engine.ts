import { DEFECTS } from '../engine/iommufd/defects';
import { decodeKernelLines } from '../engine/sim/kernel-lines/decode';
import { Simulator, type SimLine } from '../engine/sim/simulator';
import { diffWorlds, type World } from '../engine/sim/diff';
import type { LineResult, Lookup, StepBatch } from '../engine/sim/batch';
import type { TraceEvent } from '../engine/trace/event';
import { describeIoctl } from '../engine/uapi/strace';
import { importMachine } from '../scenario/import/import-machine';
import { nameFunctions, wantNames } from '../scenario/import/name-functions';
import { PciIds } from '../scenario/import/pci-ids';
import { tooLong } from '../scenario/limits';
import { verdictOf } from '../engine/sim/passthrough/attempt';
import { parseLine, parseScript } from '../scenario/parse';
import type { EngineApi } from './api';
import { partitionOf } from './partition';
import { readPci, simLineOf } from './sim-line';

/** What the engine may ask for when it needs it. */
export interface Outside {
  /** The PCI ID database as text; it throws where it cannot be had. */
  readonly readPciIds?: () => Promise<string>;
}

/** The engine behind its API: a script parser in front of a simulator. Runs in a worker, and headless in the doors. */
export function createEngine(outside: Outside = {}): EngineApi {
  let epoch = 0;
  let simulator = new Simulator(readPci);
  let lines: SimLine[] = [];
  let world: World = new Map();

  const run = (fresh: readonly SimLine[], reset: boolean): StepBatch => {
    const results: LineResult[] = [];
    const lookups: Lookup[] = [];
    const events: { line: number; events: readonly TraceEvent[] }[] = [];
    for (const line of fresh) {
      const step = simulator.execute(line);
      results.push(step.result);
      lookups.push(...step.lookups);
      if (step.events.length > 0) events.push({ line: line.number, events: step.events });
      if (!reset && !step.result.ok) break;
    }
    const after = simulator.world();
    const { set, removed } = diffWorlds(reset ? new Map() : world, after);
    world = after;
    // A line that made no sense changed nothing; it is reported, and not kept.
    const kept = reset ? fresh.length : results.filter((result) => result.status !== 'error').length;
    for (const line of fresh.slice(0, kept)) lines.push(line);
    return { epoch, reset, cursor: lines.length, results, set, removed, lookups, events };
  };

  const replayed = (): Simulator => {
    const copy = new Simulator(readPci);
    for (const line of lines) copy.execute(line);
    return copy;
  };

  const tryOn = (copy: Simulator, texts: readonly string[]): LineResult[] => {
    const results: LineResult[] = [];
    for (const line of parseGesture(texts, lines.length)) {
      const { result } = copy.execute(line);
      results.push(result);
      if (!result.ok) break;
    }
    return results;
  };

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
      const all = parseScript(script).lines.map(simLineOf);
      epoch++;
      simulator = new Simulator(readPci);
      lines = [];
      return { status: 'ok', batch: run(cursor === null ? all : all.slice(0, cursor), true) };
    },
    async append(texts) {
      return { status: 'ok', batch: run(parseGesture(texts, lines.length), false) };
    },
    async targets(deviceId) {
      return simulator.plans(deviceId).map((plan) => {
        const results = tryOn(replayed(), plan.lines);
        const last = results.at(-1);
        const { errno = null, why = null, rule = null, culprit = null } = last ?? {};
        const ok = results.length === plan.lines.length && results.every((result) => result.ok);
        return { ...plan, ok, errno, why, rule, culprit };
      });
    },
    async tryLines(texts) {
      return tryOn(replayed(), texts);
    },
    async partition(script) {
      const why = tooLong(script);
      return why === null ? partitionOf(script) : { groups: [], ungrouped: [], problem: why };
    },
    async passthrough(deviceId) {
      const prospect = simulator.prospect(deviceId);
      if (prospect === null) return null;
      const { clearing, opening } = prospect;
      const refusedOf = (texts: readonly string[]): LineResult | null =>
        tryOn(replayed(), texts).find((result) => !result.ok) ?? null;
      const asIs = refusedOf(opening);
      const cleared = asIs === null ? null : refusedOf([...clearing, ...opening]);
      return verdictOf(prospect, asIs, cleared);
    },
    async readMemory(pa, bytes) {
      return simulator.readMemory(pa, bytes);
    },
    async hardware(unitId) {
      return simulator.hardware(unitId);
    },
    async describeIoctls(calls) {
      return calls.map(describeIoctl);
    },
    async sysfs() {
      return simulator.sysfs();
    },
    async lockOrder() {
      const { observed = [], reports = [] } = simulator.lockdep ?? {};
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

/** Each text is a line of its own, also an empty one. */
const parseGesture = (texts: readonly string[], before: number): SimLine[] =>
  texts.map((text, index) => simLineOf(parseLine(text, before + index + 1)));
