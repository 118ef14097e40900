// All that a start (the app's, the embed's) loads first is one file: twenty small ones pack worse, and are twenty requests.
// Left to themselves bundlers make a file for each set of entries that share a module, lazy ones included.
import { fileURLToPath } from 'node:url';
import type { Rolldown } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Barrels of icons and widgets: what of them is used only later must not come along. */
const PICKED = /[\\/]node_modules[\\/](?:lucide-react|@base-ui|@floating-ui|tabbable|reselect)[\\/]/;

type Context = Rolldown.ChunkingContext;

/** `page`: who chooses among starts. What it needs itself is a file apart, or each would bring another one along. */
export function startChunks(start: string, page?: string): Rolldown.CodeSplittingGroup[] {
  const chosen = chunkOf('start', start, 0);
  return page === undefined ? [chosen] : [chunkOf('page', page, 1), chosen];
}

function chunkOf(name: string, file: string, priority: number): Rolldown.CodeSplittingGroup {
  let first: ReadonlySet<string> | null = null;
  return {
    priority,
    test: (id) => /\.(?:ts|tsx|js|mjs|cjs)$/.test(id) && !PICKED.test(id),
    name: (id, context) => {
      first ??= closure(root + file, context);
      // The file itself stays an entry of its own.
      return id !== root + file && first.has(id) ? name : null;
    },
  };
}

/** Modules that this one reaches by static imports. */
function closure(id: string, context: Context, seen = new Set<string>()): Set<string> {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const next of context.getModuleInfo(id)?.importedIds ?? []) closure(next, context, seen);
  return seen;
}
