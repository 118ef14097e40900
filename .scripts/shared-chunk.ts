// What both the app and an embed load first is one file: twenty small ones pack worse, and are twenty requests. Left to
// themselves bundlers make a file for each set of entries that share a module, lazy ones included.
import { fileURLToPath } from 'node:url';
import type { Rolldown } from 'vite';

const STARTS = ['app/open.tsx', 'embed/open.tsx'].map((file) =>
  fileURLToPath(new URL(`../src/${file}`, import.meta.url)),
);

/** Barrels of icons and widgets: what of them is used only later must not come along. */
const PICKED = /[\\/]node_modules[\\/](?:lucide-react|@base-ui|@floating-ui|tabbable|reselect)[\\/]/;

type Context = Rolldown.ChunkingContext;

export function sharedChunk(): Rolldown.CodeSplittingGroup {
  let shared: ReadonlySet<string> | null = null;
  return {
    test: (id) => /\.(?:ts|tsx|js|mjs|cjs)$/.test(id) && !PICKED.test(id),
    name: (id, context) => {
      shared ??= inBoth(context);
      return shared.has(id) ? 'shared' : null;
    },
  };
}

/** Modules that both reach by static imports. */
function inBoth(context: Context): ReadonlySet<string> {
  const [first = new Set<string>(), second = new Set<string>()] = STARTS.map((id) => closure(id, context));
  return new Set([...first].filter((id) => second.has(id)));
}

function closure(id: string, context: Context, seen = new Set<string>()): Set<string> {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const next of context.getModuleInfo(id)?.importedIds ?? []) closure(next, context, seen);
  return seen;
}
