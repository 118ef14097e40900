/** Success with a value. What a failure looks like is its floor's business (`Failure` in engine/kernel/errno.ts). */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });

/** The success that carries nothing. */
export const done: Ok<undefined> = { ok: true, value: undefined };
