import type { World } from '../../engine/sim/diff';
import type { Simulator } from '../../engine/sim/simulator';

/** Worlds kept, at most: of small machines. */
const MOST = 96;
const MOST_FUNCTIONS = 12_000;

/** What the world was after lines that were shown, or that a person is about to step back to. */
export class Worlds {
  /** By line, the longest unused first. */
  private readonly byLine = new Map<number, World>();
  /** Milliseconds that it took to read the last one off. */
  cost = 0;

  constructor(private readonly now: () => number) {}

  find(line: number): World | null {
    const world = this.byLine.get(line);
    if (world === undefined) return null;
    this.byLine.delete(line);
    this.byLine.set(line, world);
    return world;
  }

  has(line: number): boolean {
    return this.byLine.has(line);
  }

  read(line: number, simulator: Simulator): World {
    const known = this.find(line);
    if (known !== null) return known;
    const began = this.now();
    const world = simulator.world();
    this.cost = this.now() - began;
    this.byLine.set(line, world);
    const most = Math.min(MOST, Math.ceil(MOST_FUNCTIONS / (simulator.functions + 1)));
    for (const oldest of this.byLine.keys()) {
      if (this.byLine.size <= most) break;
      this.byLine.delete(oldest);
    }
    return world;
  }

  /** Lines after this one are others. */
  forget(line: number): void {
    for (const known of this.byLine.keys()) if (known > line) this.byLine.delete(known);
  }
}
