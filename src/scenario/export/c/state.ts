import type { Statement } from '../../script';
import { Definitions } from './definitions';
import { Idents } from './idents';

/** A buffer of the script: what the program calls it, and where the recorded run had it. */
export interface Buffer {
  readonly ident: string;
  readonly bytes: bigint | null;
  /** Known from the first call that maps it. */
  base: bigint | null;
}

/** What the program has at hand while it is written line by line. */
export class State {
  readonly idents = new Idents();
  readonly definitions = new Definitions();
  /** Helpers that the program needs. */
  readonly helpers = new Set<string>();
  /** Descriptors by what the log of calls says they are of: `ctx:1`, `dev:0000:01:00.0`. */
  readonly fileFds = new Map<string, string>();
  /** Descriptors by the script's names. */
  readonly nameFds = new Map<string, string>();
  readonly buffers = new Map<string, Buffer>();
  /** Actions that a `begin` started, by the task's name. */
  readonly begun = new Map<string, { readonly statement: Statement; readonly line: number }>();
  /** Of the files of a context: what closes with it, in that order. */
  readonly closing = new Map<string, { readonly fd: string; readonly of: string }>();
  /** The context that a device is bound to: `ctx:1`. */
  readonly contextOf = new Map<string, string>();
  private readonly ids = new Map<string, string>();
  private readonly read = new Set<string>();

  /** `wanted`: the ids that some call uses, of an earlier reading; null: it is not known yet. */
  constructor(private readonly wanted: ReadonlySet<string> | null = null) {}

  /** Ids that calls use. */
  get used(): ReadonlySet<string> {
    return this.read;
  }

  /** The variable that holds an object's id; null: no call gave it. */
  idOf(context: string, id: number): string | null {
    const name = this.ids.get(`${context} ${id}`);
    if (name === undefined) return null;
    this.read.add(name);
    return this.idents.of('id', name);
  }

  /** A call gave an id; the variable to keep it in, null where nothing will use it. */
  gave(context: string, id: number, name: string): string | null {
    for (const [other, held] of this.ids) if (held === name) this.ids.delete(other);
    this.ids.set(`${context} ${id}`, name);
    return this.wanted === null || this.wanted.has(name) ? this.idents.of('id', name) : null;
  }
}
