import type { Errno } from '../engine/kernel/errno';

/** A scenario script, line by line; GRAMMAR.md is its contract. Columns are 1-based and count UTF-16 units, as editors do. */
export interface Script {
  readonly lines: readonly Line[];
  /** Whether the last line ends in a newline, as it does in a tidy file. A newline ends a line: it does not begin another. */
  readonly finalNewline: boolean;
}

/** At most one of `statement` and `error` is there; a blank or comment line has neither. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  /** The line to the character, without its newline. */
  readonly raw: string;
  readonly statement: Statement | null;
  readonly error: LineError | null;
}

export interface LineError {
  readonly message: string;
  readonly column: number;
}

/** An errno, that the hardware blocks a DMA, or that an action has to wait: for another, or each for the other. */
export type Expectation = Errno | 'FAULT' | 'WAITS' | 'DEADLOCK';

/** One action. Structurally what the engine's interpreter takes (engine/sim/statement.ts). */
export interface Statement {
  /** The name given to what is made: `ioas` of `ioas = IOAS_ALLOC ctx`. */
  readonly name: string | null;
  readonly verb: string;
  readonly args: readonly Arg[];
  /** The action that a `begin` starts. */
  readonly begun?: Statement;
  /** What the author expects to go wrong, written `! EBUSY`. */
  readonly expect: Expectation | null;
  /** Text after the `#`, trimmed. */
  readonly comment: string | null;
  readonly columns: {
    readonly name: number | null;
    readonly verb: number;
    readonly expect: number | null;
    readonly comment: number | null;
  };
}

/** One argument, tagged by how it is written; what it means is the verb's business. */
export type Arg = WordArg | NumberArg | RangeArg | StringArg | OptionArg;

export interface WordArg {
  readonly kind: 'word';
  readonly text: string;
  readonly column: number;
}

export interface NumberArg {
  readonly kind: 'number';
  readonly value: bigint;
  /** As written: `2M`, `0x1_0000`. */
  readonly text: string;
  readonly column: number;
}

/** `start-last`, inclusive at both ends. */
export interface RangeArg {
  readonly kind: 'range';
  readonly start: bigint;
  readonly last: bigint;
  readonly text: string;
  readonly column: number;
}

export interface StringArg {
  readonly kind: 'string';
  /** What the quotes hold, escapes undone. */
  readonly text: string;
  readonly column: number;
}

export interface OptionArg {
  readonly kind: 'option';
  readonly key: string;
  /** As written, or what the quotes hold. */
  readonly value: string;
  readonly column: number;
  readonly valueColumn: number;
}
