import type { Lookup } from './batch';

/**
 * Where the hardware last read each kind of entry for a DMA: a script that edits tables by hand finds them by these names,
 * whatever memory the driver had for its tables. `leaf`; `table/3`, or `stage1/3` and `stage2/3` where two stages meet;
 * and by its document's word what is no table: `context`, `dte`, `ste`, `pasid`.
 */
export class Walked {
  private readonly byName = new Map<string, number>();

  note({ parts }: Lookup): void {
    for (const { kind, structure, stage, level, outcome, pa } of parts.flatMap((part) => part.steps)) {
      if (kind !== 'read' || pa === null) continue;
      const table = stage === null ? structure : `stage${stage}`;
      this.byName.set(structure === 'table' ? `${table}/${level}` : structure, pa);
      if (outcome === 'leaf') this.byName.set('leaf', pa);
    }
  }

  /** `dte+8`: its second word. Null where nothing of that name was read. */
  find(word: string): number | null {
    const [, name = '', offset = '0'] = ENTRY.exec(word) ?? [];
    const pa = this.byName.get(name);
    return pa === undefined ? null : pa + Number(offset);
  }

  get names(): readonly string[] {
    return [...this.byName.keys()];
  }
}

const ENTRY = /^([a-z][a-z0-9-]*(?:\/\d)?)(?:\+(0x[0-9a-f]{1,3}|\d{1,4}))?$/i;
