import type { Lookup, WalkStep } from './batch';

/** A DMA of a line that is only run to get past it: nobody has explained it, but somebody may ask what it read. */
export interface UnshownLookup extends Lookup {
  /** Which kinds of entries it read: what a later one of the same kinds read takes the place of all of them. */
  readonly reads: string;
  readonly steps: () => readonly WalkStep[];
}

/**
 * Where the hardware last read each kind of entry for a DMA: a script that edits tables by hand finds them by these names,
 * whatever memory the driver had for its tables. `leaf`; `table/3`, or `stage1/3` and `stage2/3` where two stages meet;
 * and by its document's word what is no table: `context`, `dte`, `ste`, `pasid`.
 */
export class Walked {
  private readonly byName = new Map<string, number>();
  /** By what they read, in the order in which they happened; not looked at yet. */
  private readonly unshown = new Map<string, UnshownLookup>();

  note(lookup: Lookup | UnshownLookup): void {
    if ('reads' in lookup) {
      this.unshown.delete(lookup.reads);
      this.unshown.set(lookup.reads, lookup);
    } else {
      this.look();
      this.keep(lookup.parts.flatMap((part) => part.steps));
    }
  }

  private look(): void {
    for (const lookup of this.unshown.values()) this.keep(lookup.steps());
    this.unshown.clear();
  }

  private keep(steps: readonly WalkStep[]): void {
    for (const { kind, structure, stage, level, outcome, pa } of steps) {
      if (kind !== 'read' || pa === null) continue;
      const table = stage === null ? structure : `stage${stage}`;
      this.byName.set(structure === 'table' ? `${table}/${level}` : structure, pa);
      if (outcome === 'leaf') this.byName.set('leaf', pa);
    }
  }

  /** `dte+8`: its second word. Null where nothing of that name was read. */
  find(word: string): number | null {
    this.look();
    const [, name = '', offset = '0'] = ENTRY.exec(word) ?? [];
    const pa = this.byName.get(name);
    return pa === undefined ? null : pa + Number(offset);
  }

  get names(): readonly string[] {
    this.look();
    return [...this.byName.keys()];
  }
}

const ENTRY = /^([a-z][a-z0-9-]*(?:\/\d)?)(?:\+(0x[0-9a-f]{1,3}|\d{1,4}))?$/i;
