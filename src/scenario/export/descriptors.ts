interface Open {
  readonly process: string;
  readonly fd: number;
  /** Another word for it, of the log of calls: `ctx:1`, `dev:0000:01:00.0`. */
  readonly label: string | undefined;
}

/** The numbers that the kernel gives to open files: the lowest that is free in each process. */
export class Descriptors {
  private readonly byName = new Map<string, Open>();
  private readonly processes: string[] = [];

  pid(process: string): number {
    if (!this.processes.includes(process)) this.processes.push(process);
    return 1001 + this.processes.indexOf(process);
  }

  free(process: string): number {
    const taken = new Set(
      [...this.byName.values()].flatMap((open) => (open.process === process ? [open.fd] : [])),
    );
    let fd = 3;
    while (taken.has(fd)) fd++;
    return fd;
  }

  /** `fd`: where it is known; else the lowest that is free. */
  open(process: string, name: string, fd: number | null, label?: string): number {
    const number = fd ?? this.free(process);
    // The name may stand for something that is still open: it stays so, without a name.
    const before = this.byName.get(name);
    if (before !== undefined) this.byName.set(`${name} ${this.byName.size}`, before);
    this.byName.set(name, { process, fd: number, label });
    return number;
  }

  get(name: string): Open | null {
    return this.byName.get(name) ?? null;
  }

  byLabel(label: string): string | null {
    let found: string | null = null;
    for (const [name, open] of this.byName) if (open.label === label) found = name;
    return found;
  }

  close(name: string): Open | null {
    const open = this.byName.get(name) ?? null;
    this.byName.delete(name);
    return open;
  }
}
