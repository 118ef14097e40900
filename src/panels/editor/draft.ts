/** What was typed and not run, with the script that it began from. */
interface Draft {
  readonly of: string;
  readonly text: string;
}

/** Closing the dialog loses nothing, as long as the page is open and the scene is the same. */
let kept: Draft | null = null;

export function keepDraft(draft: Draft | null): void {
  kept = draft;
}

export const draftOf = (script: string): string | null => (kept?.of === script ? kept.text : null);
