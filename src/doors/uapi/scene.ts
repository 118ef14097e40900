import { mkdirSync, rmSync } from 'node:fs';
import type { IommufdCtx } from '../../engine/iommufd/ctx';
import type { Caller } from '../../engine/kernel/caller';
import { ok, type Result } from '../../engine/kernel/errno';
import type { KernelFile } from '../../engine/kernel/file';
import type { Task } from '../../engine/kernel/task';
import type { Machine } from '../../engine/sim/machine';
import { Simulator } from '../../engine/sim/simulator';
import type { TraceEvent } from '../../engine/trace/event';
import { layoutOf } from '../../engine/uapi/layouts';
import { decode } from '../../engine/uapi/struct';
import { openGroup } from '../../engine/vfio/group-file';
import { invariant } from '../../lib/invariant';
import { outIdsOf } from '../../scenario/export/c/object-ids';
import { parseLine, parseScript } from '../../scenario/parse';
import type { Line } from '../../scenario/script';
import { readPci, simLineOf } from '../../worker/sim-line';
import type { Personality, Session } from './session';

/** Where programs mark the kernel's trace. The exported ones say which line of their scene comes next. */
const MARKER = '/sys/kernel/tracing/trace_marker';

/**
 * The machine of a scene, with its devices. Lines that a program says it does itself are left to it; whatever stands before
 * them, what somebody else does and what hardware does, is run first.
 */
export function scenePersonality(
  { clients }: Session,
  folder: string,
  script: string,
  tell: (event: TraceEvent) => void,
): Personality {
  const simulator = new Simulator(readPci, clients.frames);
  const { lines } = parseScript(script);
  const nodes = new DeviceNodes(`${folder}/sysfs/bus`);
  let passed = 0;
  let own: Line | null = null;
  let marked: number | null = null;
  const pass = (line: Line | undefined): void => {
    if (line !== undefined) simulator.execute(simLineOf(line));
  };
  const machine = (): Machine => {
    invariant(simulator.now, 'a program runs on a machine');
    return simulator.now;
  };
  const runTo = (number: number): void => {
    for (; passed < number - 1; passed++) pass(lines[passed]);
    own = lines[number - 1] ?? null;
    passed = Math.max(passed, number);
    nodes.show(machine());
  };
  // A program finds a machine that has booted.
  while (lines[passed]?.statement == null || ofMachine(lines[passed])) {
    if (passed >= lines.length) break;
    pass(lines[passed++]);
  }
  pass(parseLine('boot', 0));
  nodes.show(machine());
  /** To lines that are not the program's own it is a context that somebody has open. */
  const nameContext = (ctx: IommufdCtx, process: string): void => {
    const { names } = machine();
    const name = own?.statement?.name ?? null;
    machine().caller(process).files.open({ kind: 'kernel', file: ctx });
    if (name !== null) names.set(name, { kind: 'context', number: ctx.number });
  };
  /** Its calls' events, and the script's name for what they made: lines that are not its own may use it. */
  const settle = (): void => {
    if (marked !== null) runTo(marked);
    marked = null;
    for (const event of simulator.now?.trace.take() ?? []) {
      tell(event);
      if (event.kind === 'ioctl' && own?.statement && event.returned >= 0)
        nameMade(machine(), event, own.statement);
    }
  };
  return {
    open(path, _request, { mm }) {
      if (path === MARKER) return ok(markerFile((line) => (marked = line)));
      const { vfio, iommufd, options, scheduler } = machine();
      if (path === '/dev/iommu' || (path === '/dev/vfio/vfio' && options.container === 'iommufd')) {
        const opened = iommufd.openNode(mm, path);
        if (opened.ok) nameContext(opened.value, mm.name);
        return opened;
      }
      if (path === '/dev/vfio/vfio') return vfio.openContainer();
      const [, group] = /^\/dev\/vfio\/(\d+)$/.exec(path) ?? [];
      if (group !== undefined) return runOn(scheduler, openGroup(vfio, Number(group)));
      const [, index] = /^\/dev\/vfio\/devices\/vfio(\d+)$/.exec(path) ?? [];
      const device = index === undefined ? null : vfio.byIndex(Number(index));
      return device && vfio.open(device);
    },
    run: (task) => runOn(machine().scheduler, task),
    end: settle,
  };
}

const OF_MACHINE = new Set(['machine', 'pci', 'platform', 'iommu', 'reserve', 'boot']);
const ofMachine = (line: Line | undefined): boolean => OF_MACHINE.has(line?.statement?.verb ?? '');

function runOn<T>(scheduler: Machine['scheduler'], task: Task<T>): T {
  const { result } = scheduler.run(task, { name: 'a program' });
  invariant(result, 'a call sleeps, and nobody is there to wake it');
  return result.value;
}

function nameMade(
  machine: Machine,
  event: Extract<TraceEvent, { kind: 'ioctl' }>,
  statement: NonNullable<Line['statement']>,
): void {
  const layout = layoutOf(event.name, event.cmd, event.before);
  const [, number] = /^ctx:(\d+)$/.exec(event.file) ?? [];
  if (layout === null || statement.name === null) return;
  const contexts = machine.iommufd.contexts.filter(
    (ctx) => number === undefined || ctx.number === Number(number),
  );
  const made = outIdsOf(layout, decode(layout, event.after), decode(layout, event.before), statement);
  for (const { id, name } of made) {
    const object = contexts.length === 1 ? contexts[0]?.objects.peek(id) : null;
    if (object) machine.names.setObject(name, contexts[0]?.number ?? 0, object);
  }
}

/** The nodes of devices that vfio drivers have, where programs look for them. */
class DeviceNodes {
  constructor(private readonly folder: string) {}

  show({ core, vfio }: Machine): void {
    rmSync(this.folder, { recursive: true, force: true });
    for (const device of core.devices.values()) {
      const index = vfio.of(device)?.index;
      const bus = /^[0-9a-f]{4,}:[0-9a-f]{2}:/.test(device.name) ? 'pci' : 'platform';
      if (index !== undefined)
        mkdirSync(`${this.folder}/${bus}/devices/${device.name}/vfio-dev/vfio${index}`, { recursive: true });
    }
  }
}

const markerFile = (mark: (line: number) => void): KernelFile => ({
  title: 'the trace marker',
  *write(caller: Caller, userVa: bigint, count: number): Task<Result<number>> {
    const bytes = caller.bytes.read(userVa, Math.min(count, 64));
    if (!bytes.ok) return bytes;
    const line = /^scene line (\d+)/.exec(new TextDecoder().decode(bytes.value))?.[1];
    if (line !== undefined) mark(Number(line));
    return ok(count);
  },
  *release(): Task<void> {
    return;
  },
});
