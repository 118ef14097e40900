import { DEFAULT_OPTIONS } from '../iommu/core';
import type { TableOfStep, UnitView, WalkStep } from '../hw/common/view';
import { FailNth } from '../kernel/fail';
import type { FrameBytes } from '../memory/user-memory';
import type { Lockdep } from '../kernel/lockdep';
import type { Task } from '../kernel/task';
import type { TaskRun } from '../kernel/task-run';
import type { TraceEvent } from '../trace/event';
import type { Expectation, LineResult, Lookup, TrafficRun } from './batch';
import { VERBS } from './interpreter';
import { isKernelDefect } from '../iommufd/options';
import { readCmdline } from '../pci/cmdline';
import { DEFAULT_MACHINE, Machine, type MachineOptions } from './machine';
import { attachPlans, type Plan } from './plans';
import type { SysfsDir } from '../iommu/sysfs';
import { prospectOf, type Prospect } from './passthrough/attempt';
import { obstaclesOf } from './passthrough/obstacles';
import { projectSysfs } from './project/sysfs';
import { projectPhysical } from './project/physical';
import { projectWorld } from './project/world';
import { Args, mistake, said, type Outcome, type Statement } from './statement';
import { actionText, failWords, outcomeOf, outcomeWords, waitOf } from './tasks';
import { STRICT_VENDORS, UNIT_VENDORS } from './vendor';
import { vendorSpec } from './verbs/vendor-spec';
import { found, isTask, type Found, type PciReader, type VerbContext } from './verbs/verb';
import type { PhysicalMap } from './physical-map';
import type { World } from './diff';
import type { WorldId, WorldObject } from './world';

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
  readonly traffic: readonly TrafficRun[];
  readonly events: readonly TraceEvent[];
}

/** A scenario being played: lines in, what they came to and the world out. The same lines give the same, to the byte. */
export class Simulator {
  private machine: Machine | null = null;
  /** Of the present line, and of earlier ones that had to wait. */
  private readonly lookups: Lookup[] = [];

  /** `userFrames`: where the pages of programs are, if they are real programs and no lines of the script. */
  constructor(
    private readonly readPci: PciReader,
    private readonly userFrames: FrameBytes | null = null,
  ) {}

  /** For those who make calls beside the script's lines; null before there is a machine. */
  get now(): Machine | null {
    return this.machine;
  }

  execute(line: SimLine): Step {
    if (line.error !== null) {
      const result = resultOf(line, mistake(line.error.message, line.error.column));
      return { result, lookups: [], traffic: [], events: [] };
    }
    if (line.statement === null) return { result: blank(line), lookups: [], traffic: [], events: [] };
    const notes: string[] = [];
    const outcome = this.perform(line.statement, { line: line.number, lookups: this.lookups, notes });
    this.machine?.scheduler.settle();
    for (const run of this.machine?.scheduler.takeEnded() ?? []) notes.push(wentOn(run));
    const aside = this.machine?.traffic.endLine(takesTime(line.statement, outcome)) ?? null;
    notes.push(...(aside?.notes ?? []));
    const events = this.machine?.trace.take() ?? [];
    this.machine?.kernelLog.take(events, line.statement.verb);
    const result = resultOf(line, outcome, notes);
    return { result, lookups: this.lookups.splice(0), traffic: aside?.runs ?? [], events };
  }

  /** Runs a line for its effects alone: the machine is the very same afterwards, and nothing is put into words. */
  pass(line: SimLine): void {
    if (line.error !== null || line.statement === null) return;
    if (this.machine !== null) this.machine.quiet = true;
    const outcome = this.perform(line.statement, { line: line.number, lookups: this.lookups, notes: [] });
    const { machine } = this;
    if (machine === null) return;
    machine.scheduler.settle();
    machine.scheduler.takeEnded();
    machine.traffic.endLine(takesTime(line.statement, outcome));
    machine.quiet = false;
    machine.kernelLog.take(machine.trace.logs(), line.statement.verb);
    machine.trace.drop();
    this.lookups.length = 0;
  }

  /** What a `place` line says, said again: another place of a thing that was placed before. */
  place(line: SimLine): void {
    if (this.machine === null || line.statement?.verb !== 'place') return;
    this.start(this.machine, line.statement, { line: line.number, lookups: [], notes: [], fail: null });
  }

  /** How large the machine is: functions in their slots. */
  get functions(): number {
    return this.machine?.topology.functions.length ?? 0;
  }

  /** Every order in which locks were taken, and what is wrong with it. */
  get lockdep(): Lockdep | null {
    return this.machine?.scheduler.lockdep ?? null;
  }

  world(): World {
    return this.machine === null ? new Map() : projectWorld(this.machine);
  }

  /** One object of it, at much less than the cost of all. */
  object(id: WorldId): WorldObject | null {
    return (this.machine && projectWorld(this.machine, id).get(id)) ?? null;
  }

  /** What each possible drop of a device's edge would append to the script. */
  plans(deviceId: WorldId): readonly Plan[] {
    return this.machine === null ? [] : attachPlans(this.machine, deviceId);
  }

  /** What is in the way of giving a device to a VM, and what to try; null where there is no such device. */
  prospect(deviceId: WorldId): Prospect | null {
    const device = this.machine?.core.devices.get(deviceId.replace(/^dev:/, ''));
    if (!this.machine?.booted || device === undefined) return null;
    return prospectOf(this.machine, device, obstaclesOf(this.machine, device));
  }

  sysfs(): SysfsDir | null {
    return this.machine?.booted ? projectSysfs(this.machine) : null;
  }

  /** Registers, queues and caches of an IOMMU; null where there is no such. */
  hardware(unitId: WorldId): UnitView | null {
    return this.machine?.unit(unitId)?.hw.view() ?? null;
  }

  /** Another entry of a table that a look-up read, as memory has it now; null where no table is. */
  peekEntry(unitId: WorldId, table: TableOfStep, index: number): WalkStep | null {
    const step = this.machine?.unit(unitId)?.hw.peek(table, index) ?? null;
    return step && { ...step, occupancy: null };
  }

  /** Who has which part of physical memory, and what page tables make of it; null before there is a machine. */
  physical(): PhysicalMap | null {
    return this.machine && projectPhysical(this.machine);
  }

  readMemory(pa: number, bytes: number): Uint8Array | null {
    return this.machine?.memory.read(pa, bytes) ?? null;
  }

  private perform(statement: Statement, of: OfLine): Outcome {
    if (statement.verb === 'machine') {
      const args = new Args(statement);
      if (this.machine !== null) return mistake('the machine is there already; this line comes first');
      const options = machineOptions(args);
      if (!options.ok) return options;
      this.machine = new Machine(options.value, this.userFrames);
      return said(options.value.cmdline.remarks.join('; '));
    }
    const machine = (this.machine ??= new Machine(DEFAULT_MACHINE, this.userFrames));
    machine.scheduler.line = of.line;
    const nth = SILENT.has(statement.verb) ? 0 : machine.failNth;
    if (nth === 0) return this.act(machine, statement, { ...of, fail: null });
    machine.failNth = 0;
    const outcome = this.act(machine, statement, { ...of, fail: new FailNth(nth) });
    // What made no sense is no line: it waits for the next.
    if (!outcome.ok && 'mistake' in outcome) machine.failNth = nth;
    return outcome;
  }

  /** As far as the action goes now. */
  private act(machine: Machine, statement: Statement, of: OfCall): Outcome {
    const { scheduler } = machine;
    const { fail } = of;
    scheduler.fail.current = fail;
    const made = this.start(machine, statement, of);
    scheduler.fail.current = null;
    if (!isTask(made)) {
      if (!MOVES_OTHERS.has(statement.verb)) noteFailure(of, fail);
      return made;
    }
    const run = scheduler.run(made, { name: `line ${of.line}`, what: actionText(statement), fail });
    const outcome = outcomeOf(run);
    if (outcome === null) return waitOf(scheduler, run);
    noteFailure(of, fail);
    return outcome;
  }

  private start(machine: Machine, statement: Statement, of: OfCall): Outcome | Task<Outcome> {
    const verb = VERBS[statement.verb];
    if (verb === undefined) return mistake(`nothing here knows how to ${statement.verb}`);
    return verb({
      ...of,
      machine,
      args: new Args(statement),
      readPci: this.readPci,
      inUse: new Set(),
      start: (inner) => this.start(machine, inner, of),
    });
  }
}

type OfLine = Pick<VerbContext, 'line' | 'lookups' | 'notes'>;
type OfCall = Pick<VerbContext, keyof OfLine | 'fail'>;

/** What the kernel never hears of: `fail-nth` waits for the line after it. */
const SILENT: ReadonlySet<string> = new Set([
  'note',
  'place',
  'expect',
  'expect-log',
  'cat',
  'ls',
  'readlink',
]);
/** What only looks, besides. */
const LOOKS: ReadonlySet<string> = new Set([...SILENT, 'peek', 'read_register']);
/** Whether anything went on in the machine, so that devices had a moment for something of their own. */
const takesTime = ({ verb }: Statement, outcome: Outcome): boolean =>
  !LOOKS.has(verb) && (outcome.ok || !('mistake' in outcome));
/** What is armed before them is armed for the task that they move, which says what became of it. */
const MOVES_OTHERS: ReadonlySet<string> = new Set(['begin', 'step', 'finish']);

function noteFailure({ notes }: OfLine, fail: FailNth | null): void {
  const words = failWords(fail, true);
  if (words !== null) notes.push(words);
}

/** A line that had to wait, and by itself came to its end within a later one. */
function wentOn(run: TaskRun): string {
  const outcome = outcomeOf(run);
  const failed = failWords(run.fail, true);
  const ended = outcome === null ? 'done' : outcomeWords(outcome);
  return `${run.name} went on: ${ended}${failed === null ? '' : `; ${failed}`}`;
}

function machineOptions(args: Args): Found<MachineOptions> {
  const word = args.option('iommu') ?? 'vtd';
  const vendor = UNIT_VENDORS.find((each) => each === word);
  const spec = vendor ? vendorSpec(args, vendor) : found(null);
  if (!spec.ok) return spec;
  const cmdline = readCmdline(args.option('cmdline') ?? '', vendor ?? null);
  const mode = (vendor && cmdline.modes.get(vendor)) ?? null;
  return found({
    iommu: spec.value && mode !== null ? { ...spec.value, mode } : spec.value,
    cmdline,
    container: args.option('container') === 'iommufd' ? 'iommufd' : 'type1',
    unsafeInterrupts: args.has('unsafe-interrupts') || cmdline.unsafeInterrupts,
    defects: new Set((args.option('defects') ?? '').split('+').filter(isKernelDefect)),
    selftest: args.has('selftest'),
    kernel: {
      ...DEFAULT_OPTIONS,
      strict: cmdline.strict ?? (args.has('strict') || (vendor !== undefined && STRICT_VENDORS.has(vendor))),
      passthrough: cmdline.passthrough ?? args.has('passthrough'),
    },
  });
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

function resultOf(line: SimLine, outcome: Outcome, notes: readonly string[] = []): LineResult {
  const { expect } = line;
  const common = { ...NOTHING, line: line.number, text: line.raw, expected: expect };
  const noted = (phrase: string): string => [phrase, ...notes].filter((part) => part !== '').join('; ');
  if (outcome.ok) return { ...common, status: 'ok', result: noted(outcome.phrase), ok: expect === null };
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
  if ('mismatch' in outcome) {
    const { mismatch, culprit } = outcome;
    return { ...common, status: 'mismatch', result: noted(mismatch), why: mismatch, culprit, ok: false };
  }
  if ('fault' in outcome) {
    const { phrase, fault, culprit } = outcome;
    return { ...common, status: 'fault', result: noted(phrase), why: fault, culprit, ok: expect === 'FAULT' };
  }
  if ('waits' in outcome) {
    const { waits, phrase, why, culprit } = outcome;
    const ok = expect === (waits === 'waits' ? 'WAITS' : 'DEADLOCK');
    return { ...common, status: waits, result: noted(phrase), why, culprit, ok };
  }
  const { errno, why, rule = null, culprit = null } = outcome;
  return {
    ...common,
    status: 'errno',
    result: noted(errno),
    errno,
    why,
    rule,
    culprit,
    ok: expect === errno,
  };
}
