import { describe, expect, it } from 'vitest';
import { pidOfStatus, statusWith } from './proc-status';

describe('/proc/PID/status', () => {
  // Linux: Documentation/filesystems/proc.rst, fs/proc/task_mmu.c task_mem(): a tab, eight columns, kB.
  it('adds pinned and locked pages to what the host counts', () => {
    const text = 'Name:\tx\nVmLck:\t       8 kB\nVmPin:\t       0 kB\nVmRSS:\t    1234 kB\n';
    expect(statusWith(text, { pinnedVm: 512, lockedVm: 3 })).toBe(
      'Name:\tx\nVmLck:\t      20 kB\nVmPin:\t    2048 kB\nVmRSS:\t    1234 kB\n',
    );
  });

  it.each([
    ['/proc/self/status', 7],
    ['/proc/31/status', 31],
    ['/proc/31/stat', null],
    ['/proc/net/status', null],
  ])('%s is that of %s', (path, pid) => {
    expect(pidOfStatus(path, 7)).toBe(pid);
  });
});
