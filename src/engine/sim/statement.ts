import type { Failure } from '../kernel/errno';

/**
 * One action of a script as the interpreter takes it. The text, its grammar and its line numbers are the parser's
 * business (src/scenario); this is the shape that both sides agree on.
 */
export interface Statement {
  /** The name given to what is made: `ioas` of `ioas = IOAS_ALLOC ctx`. */
  readonly name: string | null;
  readonly verb: string;
  readonly args: readonly Arg[];
  /** The action that `begin` starts as a task. */
  readonly begun?: Statement;
}

export type Arg =
  | { readonly kind: 'word'; readonly text: string; readonly column: number }
  | { readonly kind: 'number'; readonly value: bigint; readonly text: string; readonly column: number }
  | {
      readonly kind: 'range';
      readonly start: bigint;
      readonly last: bigint;
      readonly text: string;
      readonly column: number;
    }
  | { readonly kind: 'string'; readonly text: string; readonly column: number }
  | {
      readonly kind: 'option';
      readonly key: string;
      readonly value: string;
      /** The value read as a number (`2M`), when it is one. */
      readonly number: bigint | null;
      /** And as a range (`0x1000-0x1fff`). */
      readonly range: { readonly start: bigint; readonly last: bigint } | null;
      readonly column: number;
    };

/** The action makes no sense, before any kernel is asked: an unknown name, a missing word. */
export interface ScriptMistake {
  readonly ok: false;
  readonly mistake: string;
  readonly column: number | null;
}

export const mistake = (text: string, column: number | null = null): ScriptMistake => ({
  ok: false,
  mistake: text,
  column,
});

/** The hardware blocked a DMA. */
export interface Blocked {
  readonly ok: false;
  readonly phrase: string;
  readonly fault: string;
  readonly culprit: string;
}

/** The action is not over: it waits for others, or each of them for another. */
export interface Waits {
  readonly ok: false;
  readonly waits: 'waits' | 'deadlock';
  readonly phrase: string;
  readonly why: string;
  /** World id of a task in its way. */
  readonly culprit: string | null;
}

/** What the line says is so is not so: `ownerCount is 2, not 1`. */
export interface Mismatch {
  readonly ok: false;
  readonly mismatch: string;
  /** World id of what it is about. */
  readonly culprit: string | null;
}

export const mismatch = (text: string, culprit: string | null = null): Mismatch => ({
  ok: false,
  mismatch: text,
  culprit,
});

/** What a verb came to: a phrase for the margin, a refusal of kernel or hardware, a wait, a mismatch, or a mistake in the script. */
export type Outcome =
  { readonly ok: true; readonly phrase: string } | Failure | Blocked | Waits | Mismatch | ScriptMistake;

export const said = (phrase: string): Outcome => ({ ok: true, phrase });

/** Reads a statement's arguments by position and key; the parser has checked the verb's shape already. */
export class Args {
  /** What is no option, in order. */
  readonly positional: readonly Exclude<Arg, { kind: 'option' }>[];
  private readonly options: ReadonlyMap<string, Extract<Arg, { kind: 'option' }>>;

  constructor(readonly statement: Statement) {
    this.positional = statement.args.filter((arg) => arg.kind !== 'option');
    this.options = new Map(
      statement.args.filter((arg) => arg.kind === 'option').map((arg) => [arg.key, arg]),
    );
  }

  get count(): number {
    return this.positional.length;
  }

  at(index: number): Exclude<Arg, { kind: 'option' }> | null {
    return this.positional[index] ?? null;
  }

  /** The word at a position; numbers give their text. */
  word(index: number): string | null {
    const arg = this.positional[index];
    return arg === undefined || arg.kind === 'range' ? null : arg.text;
  }

  number(index: number): bigint | null {
    const arg = this.positional[index];
    return arg?.kind === 'number' ? arg.value : null;
  }

  column(index: number): number | null {
    return this.positional[index]?.column ?? null;
  }

  columnOf(key: string): number | null {
    return this.options.get(key)?.column ?? null;
  }

  option(key: string): string | null {
    return this.options.get(key)?.value ?? null;
  }

  /** A numeric option, e.g. `len=2M`; null when absent. */
  size(key: string): bigint | null {
    return this.options.get(key)?.number ?? null;
  }

  range(key: string): { readonly start: bigint; readonly last: bigint } | null {
    return this.options.get(key)?.range ?? null;
  }

  has(flag: string): boolean {
    return this.positional.some((arg) => arg.kind === 'word' && arg.text === flag);
  }

  /** The text in quotes at a position. */
  text(index: number): string | null {
    const arg = this.positional[index];
    return arg?.kind === 'string' ? arg.text : null;
  }

  ranges(): readonly { readonly start: bigint; readonly last: bigint }[] {
    return this.positional.filter((arg) => arg.kind === 'range');
  }
}
