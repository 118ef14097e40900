/**
 * How interrupts get their handlers run: at once, but one of a kind at a time, as threads of a kernel do. What is raised while
 * its handler runs, or while they are all held back, is heard afterwards, and once.
 */
export class Interrupts {
  private readonly waiting = new Map<string, () => void>();
  private readonly running = new Set<string>();
  /** Nobody listens: whoever raised them is in the middle of something. */
  held = false;

  raise(interrupt: string, handler: () => void): void {
    if (this.held || this.running.has(interrupt)) this.waiting.set(interrupt, handler);
    else this.run(interrupt, handler);
  }

  /** Those that were held back. */
  flush(): void {
    for (const [interrupt, handler] of this.waiting) {
      if (this.running.has(interrupt)) continue;
      this.waiting.delete(interrupt);
      this.run(interrupt, handler);
    }
  }

  private run(interrupt: string, handler: () => void): void {
    this.running.add(interrupt);
    handler();
    this.running.delete(interrupt);
    const again = this.waiting.get(interrupt);
    if (again === undefined || this.held) return;
    this.waiting.delete(interrupt);
    this.run(interrupt, again);
  }
}
