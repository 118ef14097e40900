import { DEFECTS } from '../engine/iommufd/defects';
import { decodeKernelLines } from '../engine/sim/kernel-lines/decode';
import { Simulator, type SimLine } from '../engine/sim/simulator';
import { diffWorlds, type World } from '../engine/sim/diff';
import type { LineResult, Lookup, StepBatch } from '../engine/sim/batch';
import type { TraceEvent } from '../engine/trace/event';
import { describeIoctl } from '../engine/uapi/strace';
import { importMachine } from '../scenario/import/import-machine';
import { tooLong } from '../scenario/limits';
import { parseLine, parseScript } from '../scenario/parse';
import type { EngineApi } from './api';
import { readPci, simLineOf } from './sim-line';

/** The engine behind its API: a script parser in front of a simulator. Runs in a worker, and headless in the doors. */
export function createEngine(): EngineApi {
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
      return importMachine(text);
    },
    async decodeLines(text) {
      return decodeKernelLines(text);
    },
  };
}

/** Each text is a line of its own, also an empty one. */
const parseGesture = (texts: readonly string[], before: number): SimLine[] =>
  texts.map((text, index) => simLineOf(parseLine(text, before + index + 1)));
