import { IommuCore, type IommuOptions } from '../../iommu/core';
import type { Device } from '../../iommu/device';
import { bindDriver, plainDriver } from '../../iommu/drivers';
import type { GroupDecision } from '../../iommu/group';
import { probeBus } from '../../iommu/probe';
import type { Result } from '../../kernel/errno';
import type { FailPoints } from '../../kernel/fail';
import { runTask, type Task } from '../../kernel/task';
import { TraceBuffer } from '../../trace/trace';
import { Iommufd, type IommufdCtx } from '../ctx';
import { MockMemory } from './mock-memory';
import { MockUnit, type MockOptions } from './mock-iommu';

export const MIB = 1n << 20n;
export const BUFFER_VA = 0x7f00_0000_0000n;

/** A machine for tests: devices by letter, `groups` says who stands together, e.g. `['ab', 'c']`. */
export class Rig {
  readonly trace = new TraceBuffer();
  readonly core: IommuCore;
  readonly iommufd: Iommufd;
  readonly memory = new MockMemory('qemu');

  constructor(
    readonly units: readonly MockUnit[],
    groups: readonly string[],
    options: {
      readonly iommu?: IommuOptions;
      readonly allowUnsafeInterrupts?: boolean;
      readonly fail?: FailPoints;
    } = {},
  ) {
    this.core = new IommuCore(this.trace, options.iommu, options.fail);
    this.iommufd = new Iommufd(this.core, {
      allowUnsafeInterrupts: options.allowUnsafeInterrupts ?? false,
      frames: this.memory,
    });
    for (const unit of units) this.core.registerUnit(unit);
    const devices = groups.flatMap((letters) => [...letters].map((letter) => this.add(letter)));
    this.ok(probeBus(this.core, devices, (device) => this.groupFor(groups, device)));
  }

  static of(
    groups: readonly string[],
    options: MockOptions = {},
    fail?: FailPoints,
  ): Rig & { readonly unit: MockUnit } {
    const unit = new MockUnit('mock0', options);
    return Object.assign(new Rig([unit], groups, fail ? { fail } : {}), { unit });
  }

  add(letter: string): Device {
    return this.core.addDevice({
      name: letter,
      rid: letter.charCodeAt(0),
      aliasRids: [letter.charCodeAt(0)],
    });
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

  bind(letter: string, driver: string): Result<undefined> {
    return this.run(bindDriver(this.core, this.device(letter), plainDriver(driver)));
  }

  open(): IommufdCtx {
    return this.iommufd.open(this.memory);
  }

  /** Page i of the buffer is frame 0x1000 + i: one contiguous run. */
  buffer(pages: number, va = BUFFER_VA): bigint {
    this.memory.map(va, pages, (index) => 0x1000 + index);
    return va;
  }

  /** What the hardware does for a device. */
  domainOf(letter: string): string | undefined {
    for (const unit of this.units) {
      const domain = unit.attached.get(letter);
      if (domain) return domain.label;
    }
    return undefined;
  }
}

/** `ok`, or the errno. */
export const outcome = (result: Result<unknown>): string => (result.ok ? 'ok' : result.errno);
