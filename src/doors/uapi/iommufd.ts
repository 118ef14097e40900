import { IommuCore } from '../../engine/iommu/core';
import { Iommufd, type IommufdNode } from '../../engine/iommufd/ctx';
import { createSelftest } from '../../engine/iommufd/selftest/selftest';
import { WAIT_UNDER } from '../../engine/kernel/lock-order';
import { Lockdep } from '../../engine/kernel/lockdep';
import { Scheduler } from '../../engine/kernel/scheduler';
import { PhysicalMemory } from '../../engine/memory/physical-memory';
import type { Trace } from '../../engine/trace/trace';
import { invariant } from '../../lib/invariant';
import { FaultInjection } from './fail-nth';
import type { Personality, Session } from './session';

/** Page tables and dma-bufs lie below the frames that stand for the pages of processes. 2 GiB. */
const KERNEL_MEMORY = [{ startPfn: 0x100, lastPfn: 0x7_ffff }];

const isNode = (path: string): path is IommufdNode => path === '/dev/iommu' || path === '/dev/vfio/vfio';

/**
 * /dev/iommu and /dev/vfio/vfio of a machine that has the kernel's mock IOMMU and nothing else, as a kernel built with
 * CONFIG_IOMMUFD_TEST offers them; with fault injection for each thread.
 */
export function iommufdPersonality({ clients }: Session, folder: string, trace: Trace): Personality {
  const injection = new FaultInjection(`${folder}/debugfs`);
  const scheduler = new Scheduler(trace, new Lockdep(WAIT_UNDER));
  const core = new IommuCore(trace, undefined, injection.points);
  const memory = new PhysicalMemory(KERNEL_MEMORY);
  memory.shouldFail = () => injection.points.hit('alloc_pages');
  const selftest = createSelftest(core, memory);
  const iommufd = new Iommufd(core, { ...selftest.options, frames: clients.frames });
  return {
    open: (path, { tid }, { mm }) => {
      if (isNode(path)) return iommufd.openNode(mm, path);
      const file = injection.open(path, tid);
      return file && { ok: true, value: file };
    },
    run: (task) => {
      const { result } = scheduler.run(task, { name: `process ${clients.current?.pid ?? 0}` });
      invariant(result, 'a call sleeps, and nobody is there to wake it');
      return result.value;
    },
    begin: (request) => {
      injection.enter(request.tid);
    },
    end: () => injection.leave(),
    complaints: () => {
      const left = [
        { count: iommufd.contexts.length, what: 'contexts' },
        { count: core.devices.size, what: 'devices' },
        { count: core.groups.size, what: 'groups' },
        { count: memory.allocatedFrames, what: 'frames of page tables and dma-bufs' },
        { count: clients.frames.pinned, what: 'pins of pages' },
        { count: clients.openFiles, what: 'files of processes, open' },
      ];
      return [
        ...left.filter(({ count }) => count > 0).map(({ count, what }) => `left behind: ${count} ${what}`),
        ...scheduler.lockdep.reports.map(({ text }) => `lockdep: ${text}`),
      ];
    },
  };
}
