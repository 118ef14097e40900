import { IommuCore } from '../../iommu/core';
import type { Device } from '../../iommu/device';
import type { GroupDecision } from '../../iommu/group';
import { NO_PASID } from '../../iommu/group';
import { probeDevice } from '../../iommu/probe';
import type { Caller } from '../../kernel/caller';
import type { Result } from '../../kernel/errno';
import { neverFails, type FailPoints } from '../../kernel/fail';
import { Descriptors } from '../../kernel/file-table';
import type { KernelFile } from '../../kernel/file';
import { runTask, type Task } from '../../kernel/task';
import { PhysicalMemory } from '../../memory/physical-memory';
import { TraceBuffer } from '../../trace/trace';
import { call, type CommandFields, type CommandName } from '../call';
import { rootCaller } from '../caller';
import { Iommufd, type IommufdCtx } from '../ctx';
import { bindDevice, unbindDevice, type IommufdDevice } from '../device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../device-attach';
import type { IommufdOptions } from '../options';
import { MockDevice } from '../selftest/mock-device';
import { createSelftest, type Selftest } from '../selftest/selftest';
import { MockMemory } from './mock-memory';

export const DATA_VA = 0x10_0000n;
export const READ_ONLY_VA = 0x20_0000n;
export const NOWHERE_VA = 0x30_0000n;
export const BUFFER_VA = 0x7f00_0000_0000n;

export interface SceneOptions extends Partial<IommufdOptions> {
  readonly fail?: FailPoints;
  /** PASIDs of every device; 2^20 as for the kernel's tests. */
  readonly maxPasids?: number;
  /** Devices whose page requests go through a physical function. */
  readonly virtualFunctions?: string;
}

/**
 * A machine with the kernel's mock IOMMU, which knows nested page tables, PASIDs, page faults and vIOMMUs, and devices by
 * letter; `groups` says who stands together, which the kernel's own tests never try.
 */
export class MockScene {
  readonly trace = new TraceBuffer();
  readonly physical = new PhysicalMemory();
  readonly memory = new MockMemory('qemu');
  readonly files = new Descriptors(16);
  readonly core: IommuCore;
  readonly selftest: Selftest;
  readonly iommufd: Iommufd;
  readonly ctx: IommufdCtx;
  readonly caller: Caller;
  private readonly devices = new Map<string, Device>();

  constructor(groups: readonly string[], options: SceneOptions = {}) {
    const { fail = neverFails, maxPasids = 2 ** 20, virtualFunctions = '', ...module } = options;
    this.core = new IommuCore(this.trace, undefined, fail);
    this.selftest = createSelftest(this.core, this.physical);
    this.iommufd = new Iommufd(this.core, {
      frames: this.memory,
      extraCommands: [this.selftest.command],
      ...module,
    });
    for (const letters of groups) {
      for (const letter of letters) {
        const traits = { maxPasids, sharedPri: virtualFunctions.includes(letter) };
        const device = this.core.addDevice(new MockDevice(letter.charCodeAt(0), false), traits);
        this.devices.set(letter, device);
        this.ok(probeDevice(this.core, device, () => this.groupOf(letters, letter)));
      }
    }
    this.ctx = this.iommufd.open(this.memory);
    this.caller = { ...rootCaller(this.memory), files: this.files };
    this.memory.map(DATA_VA, 4, (index) => index + 1);
    this.memory.map(READ_ONLY_VA, 1, () => 9, false);
  }

  private groupOf(letters: string, letter: string): GroupDecision {
    const first = letters[0] ?? letter;
    const group = this.device(first).group;
    if (first === letter || !group) return { kind: 'new' };
    return { kind: 'join', group: group.id, via: first, rule: 'test', why: 'the test says so', evidence: [] };
  }

  device(letter: string): Device {
    const device = this.devices.get(letter);
    if (!device) throw new Error(`no device ${letter}`);
    return device;
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

  bind(letter: string, ctx = this.ctx): IommufdDevice {
    return this.ok(bindDevice(ctx, this.device(letter)));
  }

  unbind(idev: IommufdDevice): void {
    this.run(unbindDevice(idev));
  }

  /** Fields as they came back. */
  call<N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): Result<CommandFields<N>> {
    return this.run(call(this.ctx, name, fields, this.caller));
  }

  /** `ok`, or the errno. */
  outcome<N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): string {
    const result = this.call(name, fields);
    return result.ok ? 'ok' : result.errno;
  }

  /** Fields of what must succeed. */
  must<N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): CommandFields<N> {
    const result = this.call(name, fields);
    if (!result.ok) throw new Error(`${name}: ${result.errno}: ${result.why}`);
    return result.value;
  }

  ioas(): number {
    return this.must('IOMMU_IOAS_ALLOC', {}).out_ioas_id;
  }

  /** A page table of an IOAS. */
  hwpt(
    idev: IommufdDevice,
    pt: number,
    flags = 0,
    more: Partial<CommandFields<'IOMMU_HWPT_ALLOC'>> = {},
  ): number {
    return this.must('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: pt, flags, ...more }).out_hwpt_id;
  }

  /** The id of the HWPT, or the errno. */
  attach(idev: IommufdDevice, pt: number, pasid = NO_PASID): number | string {
    const result = this.run(attachDeviceTo(idev, pasid, pt));
    return result.ok ? result.value.id : result.errno;
  }

  replace(idev: IommufdDevice, pt: number, pasid = NO_PASID): number | string {
    const result = this.run(replaceDevice(idev, pasid, pt));
    return result.ok ? result.value.id : result.errno;
  }

  detach(idev: IommufdDevice, pasid = NO_PASID): void {
    this.run(detachDeviceFrom(idev, pasid));
  }

  file(fd: number): KernelFile {
    const open = this.files.get(fd);
    if (open?.kind !== 'kernel') throw new Error(`${fd} is no file of the engine`);
    return open.file;
  }

  closeFd(fd: number): void {
    const open = this.files.close(fd);
    if (open?.kind === 'kernel') this.run(open.file.release());
  }

  /** Puts 32-bit words at the place for a driver's data. */
  words(...words: readonly number[]): bigint {
    this.memory.write(DATA_VA, new Uint8Array(Uint32Array.from(words).buffer));
    return DATA_VA;
  }

  /** 32-bit words at a user address. */
  peek(userVa: bigint, count: number): readonly number[] {
    const read = this.memory.read(userVa, count * 4);
    return read.ok ? [...new Uint32Array(read.value.slice().buffer)] : [];
  }

  /** `users` of an object, the table's own not counted. */
  users(id: number): number {
    return (this.ctx.objects.peek(id)?.users ?? 0) - 1;
  }

  /** What the context has, by ascending id. */
  get kinds(): readonly string[] {
    return this.ctx.objects.list().map((object) => `${object.id}:${object.kind}`);
  }
}
