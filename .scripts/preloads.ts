// The page is the app or an embed, and a script in its head knows which before anything is loaded: it is given the chunks of
// both, so that what main.tsx is going to import is on its way at once.
import type { Plugin, Rolldown } from 'vite';

const STARTS = { app: 'src/app/open.tsx', embed: 'src/embed/open.tsx' };

type Chunk = Rolldown.OutputChunk;

export function preloads(): Plugin {
  let base = '/';
  return {
    name: 'preloads',
    apply: 'build',
    configResolved: (config) => {
      base = config.base;
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).flatMap((each) => (each.type === 'chunk' ? [each] : []));
        const entry = chunks.find(({ isEntry }) => isEntry);
        const words = Object.entries(STARTS).map(([name, source]) => {
          const start = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/${source}`));
          if (start === undefined) throw new Error(`no chunk for ${source}`);
          const files = closure(start, chunks, new Set(entry === undefined ? [] : closure(entry, chunks)));
          const styles = chunks.flatMap(({ fileName, viteMetadata }) =>
            files.includes(fileName) ? [...(viteMetadata?.importedCss ?? [])] : [],
          );
          return `data-${name}="${[...files, ...styles].map((file) => base + file).join(' ')}"`;
        });
        // The page's own sheet comes first: what components say of the same elements has to come after it.
        const own =
          entry === undefined ? [] : [...(entry.viteMetadata?.importedCss ?? [])].map((file) => base + file);
        const after = own.reduce(
          (text, file) => text.replace(new RegExp(`\\s*<link rel="stylesheet"[^>]*href="${file}"[^>]*>`), ''),
          html,
        );
        const given = words.map((each) => each.replace('="', `="${[...own, ''].join(' ')}`));
        return after.replace('<script data-start', `<script ${given.join(' ')}`);
      },
    },
  };
}

/** Files of a chunk and of what it imports statically, without those that are there already. */
function closure(
  chunk: Chunk,
  chunks: readonly Chunk[],
  there: ReadonlySet<string> = new Set(),
  seen = new Set<string>(),
): readonly string[] {
  if (there.has(chunk.fileName) || seen.has(chunk.fileName)) return [...seen];
  seen.add(chunk.fileName);
  for (const file of chunk.imports) {
    const next = chunks.find(({ fileName }) => fileName === file);
    if (next !== undefined) closure(next, chunks, there, seen);
  }
  return [...seen];
}
