import type { Caller } from '../../kernel/caller';
import type { Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import type { FieldsOf, Struct } from '../../uapi/struct';
import type { IommufdCtx } from '../ctx';
import type { Selftest } from './selftest';

/** One test operation in progress: the command, seen through its member of the union. */
export interface TestCall<T> {
  readonly selftest: Selftest;
  readonly ctx: IommufdCtx;
  readonly caller: Caller;
  readonly op: number;
  /** The command's `id`: of what, each operation says. */
  readonly id: number;
  readonly args: T;
  /** Copies the whole command back, `args` included. */
  respond(): Result<undefined>;
}

/** One operation of the test command, as a row of its table. */
export interface TestOp<S extends Struct = Struct> {
  readonly nr: number;
  readonly layout: S;
  execute(call: TestCall<FieldsOf<S>>): Task<Result<number | undefined>>;
}

/** A row whatever its structure. */
export interface AnyTestOp {
  readonly nr: number;
  readonly layout: Struct;
  execute(call: TestCall<Record<string, number | bigint>>): Task<Result<number | undefined>>;
}

export const defineTestOp = <S extends Struct>(row: TestOp<S>): TestOp<S> => row;
