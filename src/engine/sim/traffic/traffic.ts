import type { LockOp } from '../../kernel/scheduler';
import type { TaskRun } from '../../kernel/task-run';
import { TABLE_ENTRY } from '../../pt/page-table';
import type { TrafficRun } from '../batch';
import type { Machine } from '../machine';
import { handlePageRequests } from '../page-requests';
import { Background } from './background';
import { CloseUps } from './close-ups';
import { asideOf, type Aside } from './aside';
import type { Done, Stream } from './stream';

/** Where hardware may look while the kernel works. */
interface Point {
  /** What the kernel just did, in words. */
  readonly words: () => string | null;
  /** A page-table entry was stored: the tables are the same. */
  readonly sameTables: boolean;
  /** No driver is in the middle of something: handlers of interrupts may run. */
  readonly mayInterrupt: boolean;
}

/**
 * Devices that make accesses of their own while the kernel works: wherever hardware could come in between.
 *
 * Those places are each event of a lock, each store of a driver to a structure that its hardware reads, each command that an
 * IOMMU has done, and the end of each line. An access is the device's real request. What it makes the IOMMU interrupt for waits
 * until the kernel's drivers are not in the middle of something: a handler may want what they hold.
 *
 * Not modelled: accesses while another request is on its way, or while such a handler runs.
 */
export class Traffic {
  readonly closeUps = new CloseUps();
  private readonly byName = new Map<string, Background>();
  /** Of the present line. */
  private bursts: TrafficRun[] = [];
  /** Nobody may come in between. */
  private undivided = false;

  constructor(private readonly machine: Machine) {}

  get streams(): readonly Background[] {
    return [...this.byName.values()];
  }

  get(name: string): Background | null {
    return this.byName.get(name) ?? null;
  }

  start(name: string, stream: Stream): void {
    this.byName.set(name, new Background(name, stream));
    this.listen();
  }

  /** What it did in the line so far is still told at its end. */
  stop(name: string): void {
    const stream = this.byName.get(name);
    if (stream === undefined) return;
    const run = stream.take(this.machine.scheduler.line);
    if (run !== null) this.bursts.push(run);
    this.byName.delete(name);
    this.listen();
  }

  /** A burst is over. */
  made(run: TrafficRun): void {
    this.interrupt();
    this.bursts.push(run);
  }

  /** A request that no other comes in between of. */
  undisturbed<T>(request: () => T): T {
    const outer = this.undivided;
    this.undivided = true;
    try {
      return request();
    } finally {
      this.undivided = outer;
    }
  }

  /** An access of a burst. The device is faster than the processors: those hear of it when the burst is over, or waits. */
  fire(stream: Stream): Done | null {
    const { scheduler, interrupts } = this.machine;
    interrupts.held = true;
    const done = this.undisturbed(() => stream.fire(scheduler.line, stream.tally.accesses > 0));
    interrupts.held = false;
    if (done === null) this.interrupt();
    return done;
  }

  onCommand(name: string): void {
    if (this.byName.size > 0)
      this.point({ words: () => this.doing(`${name} done`), sameTables: false, mayInterrupt: false });
  }

  /** A line is over. `moved`: it was one that does something, so time went by. */
  endLine(moved: boolean): Aside {
    const notes: string[] = [];
    for (const [name, { stream }] of this.byName) {
      if (!stream.gone) continue;
      notes.push(`traffic ${name} ended: its device is gone`);
      this.stop(name);
    }
    if (moved && this.byName.size > 0) {
      this.point({ words: () => null, sameTables: false, mayInterrupt: true });
      for (const { stream } of this.byName.values()) this.answer(stream);
    } else this.interrupt();
    const { line } = this.machine.scheduler;
    const bursts = this.bursts;
    this.bursts = [];
    this.closeUps.begin();
    return asideOf(bursts, [...this.byName.values()], line, notes);
  }

  /** Null where no device is busy: those who store and lock then have nobody to tell. */
  private listen(): void {
    const { memory, scheduler } = this.machine;
    const busy = this.byName.size > 0;
    memory.onPublish = busy ? (what) => this.onStore(what) : null;
    scheduler.onLock = busy ? (run, op, what) => this.onLock(run, op, what) : null;
  }

  private onStore(what: string): void {
    const words = (): string => this.doing(`${what} written`);
    this.point({ words, sameTables: what === TABLE_ENTRY, mayInterrupt: false });
  }

  private onLock(run: TaskRun, op: LockOp, what: string): void {
    const words = (): string => `${run.what}: ${LOCK_WORDS[op](what)}`;
    this.point({ words, sameTables: false, mayInterrupt: true });
  }

  private doing(what: string): string {
    const { current } = this.machine.scheduler;
    return current === null ? what : `${current.what}: ${what}`;
  }

  private point({ words, sameTables, mayInterrupt }: Point): void {
    if (this.undivided) return;
    const { scheduler, interrupts } = this.machine;
    this.undisturbed(() => {
      interrupts.held = true;
      for (const each of this.byName.values()) each.access(scheduler.line, words, sameTables);
      interrupts.held = false;
    });
    if (mayInterrupt) this.interrupt();
  }

  private interrupt(): void {
    this.undisturbed(() => this.machine.interrupts.flush());
  }

  /** The kernel's thread for faults looks at an access that an IOMMU holds. */
  private answer({ held, unit }: Stream): void {
    if (held !== null && unit !== null)
      this.machine.scheduler.run(handlePageRequests(this.machine, unit), { name: 'the fault thread' });
  }
}

const LOCK_WORDS: Readonly<Record<LockOp, (what: string) => string>> = {
  acquire: (what) => `${what} taken`,
  release: (what) => `${what} let go`,
  wait: (what) => `waits for ${what}`,
};
