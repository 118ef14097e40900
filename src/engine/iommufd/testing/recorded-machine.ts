import { IommuCore } from '../../iommu/core';
import { neverFails, type FailPoints } from '../../kernel/fail';
import { runTask, type Task } from '../../kernel/task';
import { PhysicalMemory } from '../../memory/physical-memory';
import { listener, type Trace } from '../../trace/trace';
import { Iommufd } from '../ctx';
import type { KernelDefect } from '../options';
import { createSelftest, type Selftest } from '../selftest/selftest';
import { RecordedFrames, RecordedMemory } from './recorded-memory';
import { SCRATCH_BYTES, SCRATCH_VA, STRUCT_BYTES, STRUCT_VA } from './recorded-ops';
import { RecordedFiles, RecordedMappings, RecordedProcess } from './recorded-process';

export interface MachineOptions {
  /** Neighbouring pages of anonymous memory are neighbouring frames, instead of never. */
  readonly contiguous?: boolean;
  readonly fail?: FailPoints;
  readonly kernelDefects?: ReadonlySet<KernelDefect>;
}

const READ_WRITE = { read: true, write: true, exec: false };

/** The machine on which the sequences were recorded, as far as they can tell. */
export class RecordedMachine {
  readonly frames: RecordedFrames;
  readonly core: IommuCore;
  readonly iommufd: Iommufd;
  readonly selftest: Selftest;
  readonly recorder: RecordedProcess;
  /** What the kernel would complain of in its log. */
  readonly warnings: string[] = [];

  constructor(options: MachineOptions = {}) {
    const physical = new PhysicalMemory();
    physical.shouldFail = () => this.core.fail.hit('alloc_pages');
    this.core = new IommuCore(this.trace(), undefined, options.fail ?? neverFails);
    this.frames = new RecordedFrames(physical, options.contiguous ?? false);
    this.selftest = createSelftest(this.core, physical);
    this.iommufd = new Iommufd(this.core, {
      ...this.selftest.options,
      frames: this.frames,
      kernelDefects: options.kernelDefects ?? new Set(),
    });
    const memory = new RecordedMemory('recorder', this.frames);
    memory.map(STRUCT_VA, BigInt(STRUCT_BYTES), READ_WRITE);
    memory.map(SCRATCH_VA, BigInt(SCRATCH_BYTES), READ_WRITE);
    const files = new RecordedFiles();
    // Standard input, output and error, and the script.
    for (let fd = 0; fd < 4; fd++) files.open({ kind: 'other' }, 0);
    this.recorder = new RecordedProcess(100, memory, files, new RecordedMappings(), { uid: 0, lockedVm: 0 });
  }

  private trace(): Trace {
    return listener((event) => {
      if (event.kind === 'log' && event.text.startsWith('WARNING:')) this.warnings.push(event.text);
    }, false);
  }

  run<T>(task: Task<T>): T {
    return runTask(task, this.core.trace);
  }

  /**
   * The recorder closes everything, and nothing may be left; says what is. Then it ends.
   *
   * In this order because nothing can be given back to the account of a process that is gone.
   */
  end(): readonly string[] {
    this.run(this.recorder.mappings.closeAll());
    this.run(this.recorder.files.closeAll());
    const left = this.leftovers();
    this.run(this.recorder.exit());
    return left;
  }

  private leftovers(): readonly string[] {
    const { frames, iommufd, selftest, core, recorder } = this;
    const left: readonly (readonly [string, number])[] = [
      ['pages are pinned', frames.pinned],
      ['contexts are open', iommufd.contexts.length],
      ['domains are there', selftest.unit.live.size],
      ['groups are there', core.groups.size],
      ['devices are there', core.devices.size],
      // The kernel gives back to whoever owns the pages in the end, whoever was charged for them.
      ['pages count as pinned', recorder.forks > 0 ? 0 : recorder.memory.pinnedVm],
      ['pages count as locked', recorder.forks > 0 ? 0 : recorder.memory.lockedVm],
      ['pages count as locked by the user', recorder.user.lockedVm],
      ['frames are not given back', frames.physical.allocatedFrames - frames.allocated],
    ];
    return [
      ...left.filter(([, count]) => count !== 0).map(([what, count]) => `${count} ${what}`),
      ...this.warnings,
    ];
  }
}
