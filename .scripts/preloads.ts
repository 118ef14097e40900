// The page is the app or an embed, and a script in its head knows which before anything is loaded: it is given the chunks of
// both, so that what main.tsx is going to import is on its way at once.
import type { Plugin, Rolldown } from 'vite';

const APP = '/src/app/open.tsx';

type Chunk = Rolldown.OutputChunk;

/** `embed`: the chunks that an embed loads first; they are of another build. */
export function preloads(embed: () => readonly Chunk[]): Plugin {
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
        const app = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(APP));
        if (entry === undefined || app === undefined) throw new Error(`no chunk for ${APP}`);
        const there = closure(entry, chunks);
        // The page's own sheet comes first: what components say of the same elements has to come after it.
        const own = stylesOf([entry]);
        const after = own.reduce(
          (text, file) =>
            text.replace(new RegExp(`\\s*<link rel="stylesheet"[^>]*href="${base}${file}"[^>]*>`), ''),
          html,
        );
        const starts = { app: closure(app, chunks), embed: embed() };
        const words = Object.entries(starts).map(([name, start]) => {
          const later = start.filter((chunk) => !there.includes(chunk));
          const files = [...own, ...later.map(({ fileName }) => fileName), ...stylesOf(later)];
          return `data-${name}="${files.map((file) => base + file).join(' ')}"`;
        });
        return after.replace('<script data-start', `<script ${words.join(' ')}`);
      },
    },
  };
}

const stylesOf = (chunks: readonly Chunk[]): readonly string[] => [
  ...new Set(chunks.flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])])),
];

/** What a chunk imports statically, and it after them: in this order their styles have to come. */
export function closure(
  chunk: Chunk,
  chunks: readonly Chunk[],
  seen: readonly Chunk[] = [],
): readonly Chunk[] {
  if (seen.includes(chunk)) return seen;
  const imports = chunk.imports.flatMap((file) => chunks.filter(({ fileName }) => fileName === file));
  return [...imports.reduce((before, next) => closure(next, chunks, before), seen), chunk];
}
