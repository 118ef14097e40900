/** A script after a change, or why it cannot be made. */
export type Changed =
  | {
      readonly ok: true;
      readonly script: string;
      /** Functions that have another address now: `0000:01:00.0` → `0000:03:00.0`. */
      readonly renamed: ReadonlyMap<string, string>;
    }
  | { readonly ok: false; readonly why: string };

const NONE: ReadonlyMap<string, string> = new Map();

export const changed = (script: string, renamed = NONE): Changed => ({ ok: true, script, renamed });
export const unchanged = (why: string): Changed => ({ ok: false, why });
