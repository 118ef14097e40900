/** A script after a change, or why it cannot be made. */
export type Changed =
  { readonly ok: true; readonly script: string } | { readonly ok: false; readonly why: string };

export const changed = (script: string): Changed => ({ ok: true, script });
export const unchanged = (why: string): Changed => ({ ok: false, why });
