/** What counts as pinned and locked of a process, in 4 KiB pages. */
export interface LockedMemory {
  readonly pinnedVm: number;
  readonly lockedVm: number;
}

const PATH = /^\/proc\/(self|thread-self|\d+)\/status$/;

/** The process whose status a path names, as the caller sees it. */
export function pidOfStatus(path: string, caller: number): number | null {
  const name = PATH.exec(path)?.[1];
  return name === undefined ? null : /^\d+$/.test(name) ? Number(name) : caller;
}

/** The host's /proc/PID/status with what the engine's pins add. Linux: fs/proc/task_mmu.c task_mem() */
export function statusWith(text: string, { pinnedVm, lockedVm }: LockedMemory): string {
  const added: Record<string, number> = { VmPin: pinnedVm, VmLck: lockedVm };
  return text.replace(/^(VmPin|VmLck):\s*(\d+) kB$/gm, (_line, name: string, kib: string) => {
    const sum = Number(kib) + 4 * (added[name] ?? 0);
    return `${name}:\t${String(sum).padStart(8)} kB`;
  });
}
