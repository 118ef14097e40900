import type { MockOptions, MockUnit } from './mock-iommu';
import type { Result } from '../../kernel/errno';
import type { FailPoints } from '../../kernel/fail';
import { runTask, type Task } from '../../kernel/task';
import { TraceBuffer } from '../../trace/trace';
import { IommuCore, type IommuOptions } from '../core';
import type { Device, DeviceTraits } from '../device';
import { bindDriver, plainDriver } from '../drivers';
import type { DmaOwner, GroupDecision, IommuGroup } from '../group';
import type { IommuDomain } from '../ops';
import { probeBus, probeDevice } from '../probe';
import { CoreUnit } from './core-unit';

export interface CoreRigOptions {
  readonly iommu?: IommuOptions;
  readonly fail?: FailPoints;
  readonly traits?: (letter: string) => DeviceTraits;
}

export const ALICE: DmaOwner = { worldId: 'ctx:1', title: 'Alice' };
export const BOB: DmaOwner = { worldId: 'ctx:2', title: 'Bob' };

/** The core alone, for tests: devices by letter, `groups` says who stands together, e.g. `['ab', 'c']`. */
export class CoreRig {
  readonly trace = new TraceBuffer();
  readonly core: IommuCore;

  constructor(
    readonly units: readonly MockUnit[],
    readonly groups: readonly string[],
    private readonly options: CoreRigOptions = {},
  ) {
    this.core = new IommuCore(this.trace, options.iommu, options.fail);
    for (const unit of units) this.core.registerUnit(unit);
    const devices = groups.flatMap((letters) => [...letters].map((letter) => this.add(letter)));
    this.ok(probeBus(this.core, devices, (device) => this.groupFor(groups, device)));
  }

  static of(
    groups: readonly string[],
    options: MockOptions = {},
    rig: CoreRigOptions = {},
  ): CoreRig & { readonly unit: CoreUnit } {
    const unit = new CoreUnit('mock0', options);
    return Object.assign(new CoreRig([unit], groups, rig), { unit });
  }

  add(letter: string): Device {
    const rid = letter.charCodeAt(0);
    return this.core.addDevice({ name: letter, rid, aliasRids: [rid] }, this.options.traits?.(letter) ?? {});
  }

  hotAdd(letter: string, groups: readonly string[]): Result<undefined> {
    const device = this.add(letter);
    return this.run(probeDevice(this.core, device, (each) => this.groupFor(groups, each)));
  }

  /** The first letter of a group makes it, the others join. */
  groupFor(groups: readonly string[], device: Device): GroupDecision {
    const first = groups.find((letters) => letters.includes(device.name))?.[0] ?? device.name;
    const group = this.core.devices.get(first)?.group;
    if (!group) return { kind: 'new' };
    return { kind: 'join', group: group.id, via: first, rule: 'test', why: 'the test says so', evidence: [] };
  }

  run<T>(task: Task<T>): T {
    return runTask(task, this.trace);
  }

  /** Runs what must succeed. */
  ok<T>(task: Task<Result<T>>): T {
    const result = this.run(task);
    if (!result.ok) throw new Error(`${result.errno}: ${result.why} (${result.rule ?? ''})`);
    return result.value;
  }

  device(letter: string): Device {
    const device = this.core.devices.get(letter);
    if (!device) throw new Error(`no device ${letter}`);
    return device;
  }

  group(letter: string): IommuGroup {
    const { group } = this.device(letter);
    if (!group) throw new Error(`${letter} is in no group`);
    return group;
  }

  newDomain(letter = 'a'): IommuDomain {
    const { ops, client } = this.device(letter);
    const made = ops?.domainAllocPaging(client, {});
    if (!made?.ok) throw new Error(made?.why ?? 'no unit');
    return made.value;
  }

  bind(letter: string, driver: string): Result<undefined> {
    return this.run(bindDriver(this.core, this.device(letter), plainDriver(driver)));
  }

  /** What the hardware does for a device. */
  domainOf(letter: string): string | undefined {
    for (const unit of this.units) {
      const domain = unit.attached.get(letter);
      if (domain) return domain.label;
    }
    return undefined;
  }

  /** Lines of the kernel log since the last time. */
  logs(): readonly string[] {
    return this.trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  }
}

/** `ok`, or the errno. */
export const outcome = (result: Result<unknown>): string => (result.ok ? 'ok' : result.errno);
