/**
 * Which draft is open in which tab: a tab holds a lock by its draft's name as long as it lives, however it ends. Where the browser
 * has no locks, nobody is known to be alive.
 */
const lockOf = (id: string): string => `iommu-playground-draft:${id}`;
/** A page that is being reloaded still holds its lock for a moment. */
const PATIENCE_MS = 1000;

/** Null: another tab has it. Else what lets it go. */
export async function holdDraft(id: string): Promise<(() => void) | null> {
  if (!('locks' in navigator)) return () => undefined;
  return new Promise((resolve) => {
    const asked = navigator.locks.request(lockOf(id), { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
      let letGo = (): void => undefined;
      const held = new Promise<void>((done) => (letGo = done));
      resolve(letGo);
      return held;
    });
    asked.catch((error: unknown) =>
      // In a frame without an origin locks are refused: then nobody else has it either.
      resolve(error instanceof DOMException && error.name === 'SecurityError' ? () => undefined : null),
    );
  });
}

/** Drafts that are open in a tab, this one included. */
export async function aliveDrafts(): Promise<ReadonlySet<string>> {
  try {
    const { held = [] } = await navigator.locks.query();
    const prefix = lockOf('');
    return new Set(
      held.flatMap(({ name }) => (name?.startsWith(prefix) === true ? [name.slice(prefix.length)] : [])),
    );
  } catch {
    return new Set();
  }
}
