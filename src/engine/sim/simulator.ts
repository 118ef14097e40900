import { cacheShapeProblem } from '../hw/vtd/device/config';
import type { TraceEvent } from '../trace/event';
import type { Expectation, LineResult, Lookup } from './batch';
import { VERBS } from './interpreter';
import { DEFAULT_MACHINE, Machine, type MachineOptions } from './machine';
import { attachPlans, type Plan } from './plans';
import { projectWorld } from './project/world';
import { Args, mistake, said, type Outcome, type Statement } from './statement';
import type { PciReader } from './verbs/verb';
import type { World } from './diff';
import type { WorldId } from './world';

/** A line of the script as the parser hands it over. */
export interface SimLine {
  /** 1-based. */
  readonly number: number;
  readonly raw: string;
  readonly statement: Statement | null;
  readonly error: { readonly message: string; readonly column: number } | null;
  readonly expect: Expectation | null;
}

export interface Step {
  readonly result: LineResult;
  readonly lookups: readonly Lookup[];
  readonly events: readonly TraceEvent[];
}

/** A scenario being played: lines in, what they came to and the world out. The same lines give the same, to the byte. */
export class Simulator {
  private machine: Machine | null = null;

  constructor(private readonly readPci: PciReader) {}

  execute(line: SimLine): Step {
    const lookups: Lookup[] = [];
    if (line.error !== null) {
      return { result: resultOf(line, mistake(line.error.message, line.error.column)), lookups, events: [] };
    }
    if (line.statement === null) return { result: blank(line), lookups, events: [] };
    const outcome = this.perform(line.statement, line.number, lookups);
    return { result: resultOf(line, outcome), lookups, events: this.machine?.trace.take() ?? [] };
  }

  world(): World {
    return this.machine === null ? new Map() : projectWorld(this.machine);
  }

  /** What each possible drop of a device's edge would append to the script. */
  plans(deviceId: WorldId): readonly Plan[] {
    return this.machine === null ? [] : attachPlans(this.machine, deviceId);
  }

  readMemory(pa: number, bytes: number): Uint8Array | null {
    return this.machine?.memory.read(pa, bytes) ?? null;
  }

  private perform(statement: Statement, line: number, lookups: Lookup[]): Outcome {
    const args = new Args(statement);
    if (statement.verb === 'machine') {
      if (this.machine !== null) return mistake('the machine is there already; this line comes first');
      const options = machineOptions(args);
      const problem = cacheShapeProblem(options.iotlb);
      if (problem !== null) return mistake(problem);
      this.machine = new Machine(options);
      return said('');
    }
    const verb = VERBS[statement.verb];
    if (verb === undefined) return mistake(`nothing here knows how to ${statement.verb}`);
    this.machine ??= new Machine(DEFAULT_MACHINE);
    return verb({ machine: this.machine, args, line, readPci: this.readPci, lookups });
  }
}

function machineOptions(args: Args): MachineOptions {
  const [sets, ways] = (args.option('iotlb') ?? '').split('x').map(Number);
  const width = Number(args.option('width') ?? DEFAULT_MACHINE.widthBits);
  return {
    iommu: args.option('iommu') === 'none' ? 'none' : 'vtd',
    widthBits: width === 39 || width === 57 ? width : 48,
    iotlb: sets && ways ? { sets, ways } : DEFAULT_MACHINE.iotlb,
  };
}

const NOTHING = { errno: null, why: null, rule: null, culprit: null, column: null } as const;

const blank = (line: SimLine): LineResult => ({
  ...NOTHING,
  line: line.number,
  text: line.raw,
  status: 'none',
  result: '',
  expected: null,
  ok: true,
});

function resultOf(line: SimLine, outcome: Outcome): LineResult {
  const { expect } = line;
  const common = { ...NOTHING, line: line.number, text: line.raw, expected: expect };
  if (outcome.ok) return { ...common, status: 'ok', result: outcome.phrase, ok: expect === null };
  if ('mistake' in outcome) {
    return {
      ...common,
      status: 'error',
      result: outcome.mistake,
      why: outcome.mistake,
      column: outcome.column,
      ok: false,
    };
  }
  if ('fault' in outcome) {
    const { phrase, fault, culprit } = outcome;
    return { ...common, status: 'fault', result: phrase, why: fault, culprit, ok: expect === 'FAULT' };
  }
  const { errno, why, rule = null, culprit = null } = outcome;
  return { ...common, status: 'errno', result: errno, errno, why, rule, culprit, ok: expect === errno };
}
