import { sameLines } from '../lib/same-lines';
import type { Knowledge } from './knowledge';
import { linesOf } from './script';
import type { Branch } from './types';

/** Branches kept; scripts of which what they come to is remembered. */
const MOST = 12;
const REMEMBERED = 6;

/** A script that is being left, and where time stood in it. */
interface Left {
  readonly script: string;
  readonly cursor: number;
}

/**
 * Futures that were left. The script that is open is none of them for as long as it is open: undo and redo may bring it
 * to the front and away again.
 */
export class Branches {
  private all: readonly Branch[] = [];
  private lastId = 0;

  /** The script was left for another. */
  add({ script, cursor }: Left, next: string): void {
    const lines = linesOf(script);
    const { first } = sameLines(lines, linesOf(next));
    const same = this.all.find((each) => each.script === script);
    const id = same?.id ?? ++this.lastId;
    const others = this.all.filter((each) => each !== same);
    this.all = [{ id, script, forkedAt: first, cursor, lines: lines.length }, ...others].slice(0, MOST + 1);
  }

  /** Those of an earlier visit, beside what there is. */
  restore(kept: readonly Branch[]): void {
    const others = kept.filter(({ script }) => !this.all.some((each) => each.script === script));
    const renamed = others.map((branch) => ({ ...branch, id: ++this.lastId }));
    this.all = [...this.all, ...renamed].slice(0, MOST + 1);
  }

  find(id: number): Branch | null {
    return this.all.find((each) => each.id === id) ?? null;
  }

  drop(id: number): void {
    this.all = this.all.filter((each) => each.id !== id);
  }

  /** All but the script that is open, newest first. */
  beside(script: string): readonly Branch[] {
    return this.all.filter((each) => each.script !== script).slice(0, MOST);
  }
}

/** What scripts come to that were left a short while ago: undo, redo and branches bring them back. */
export class Memory {
  private entries: readonly { readonly script: string; readonly knowledge: Knowledge }[] = [];

  keep(script: string, knowledge: Knowledge): void {
    const others = this.entries.filter((each) => each.script !== script);
    this.entries = [{ script, knowledge }, ...others].slice(0, REMEMBERED);
  }

  find(script: string): Knowledge | null {
    return this.entries.find((each) => each.script === script)?.knowledge ?? null;
  }
}
