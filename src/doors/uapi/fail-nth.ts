import { mkdirSync, writeFileSync } from 'node:fs';
import type { Caller } from '../../engine/kernel/caller';
import { err, ok, type Result } from '../../engine/kernel/errno';
import { CurrentFail, FailNth } from '../../engine/kernel/fail';
import type { KernelFile } from '../../engine/kernel/file';
import type { Task } from '../../engine/kernel/task';

/** Linux: Documentation/fault-injection/fault-injection.rst, and the attribute of drivers/iommu/iommufd/selftest.c */
const DEBUGFS = {
  failslab: ['ignore-gfp-wait', 'verbose'],
  fail_page_alloc: ['ignore-gfp-wait', 'ignore-gfp-highmem', 'verbose'],
  fail_usercopy: ['verbose'],
  fail_iommufd: ['verbose'],
};
const FILE = /^\/proc\/(?:self|\d+)\/(?:task\/(\d+)\/)?fail-nth$/;

/** Fault injection as programs find it: /sys/kernel/debug/fail*, and /proc/self/task/N/fail-nth of each thread. */
export class FaultInjection {
  readonly points = new CurrentFail();
  private readonly threads = new Map<number, FailNth>();

  /** `folder`: what the shim shows programs in the place of /sys/kernel/debug. */
  constructor(folder: string) {
    for (const [name, knobs] of Object.entries(DEBUGFS)) {
      mkdirSync(`${folder}/${name}`, { recursive: true });
      for (const knob of knobs) writeFileSync(`${folder}/${name}/${knob}`, '');
    }
  }

  /** Whatever fails from here on fails for this thread. */
  enter(tid: number): void {
    this.points.current = this.threads.get(tid) ?? null;
  }

  leave(): void {
    this.points.current = null;
  }

  /** Null: not a file of ours. Linux: fs/proc/base.c proc_fail_nth_operations */
  open(path: string, tid: number): KernelFile | null {
    const found = FILE.exec(path);
    return found ? this.fileOf(found[1] === undefined ? tid : Number(found[1])) : null;
  }

  private fileOf(tid: number): KernelFile {
    let thread = this.threads.get(tid);
    if (!thread) this.threads.set(tid, (thread = new FailNth()));
    const counter = thread;
    return {
      title: `fail-nth of thread ${tid}`,
      *read(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>> {
        const text = new TextEncoder().encode(`${counter.counter}\n`);
        const part = text.subarray(Number(offset ?? 0n)).subarray(0, count);
        const written = caller.bytes.write(userVa, part);
        return written.ok ? ok(part.length) : written;
      },
      *write(caller: Caller, userVa: bigint, count: number): Task<Result<number>> {
        const bytes = caller.bytes.read(userVa, Math.min(count, 12));
        if (!bytes.ok) return bytes;
        const text = new TextDecoder().decode(bytes.value).trim();
        if (!/^\d+$/.test(text)) return err('EINVAL', `${text} is no count`, { rule: 'proc_fail_nth_write' });
        counter.arm(Number(text));
        return ok(count);
      },
      *release(): Task<void> {
        return;
      },
    };
  }
}
