// The embed, built apart from the app: the same sources with Preact in the place of React, or nearly a third more would be loaded
// before its first picture. Its files lie among those of the site; main.tsx imports its entry by name. The development server
// knows nothing of this: there an embed runs on React.
import { build, type Alias, type Plugin, type PluginOption, type Rolldown, type UserConfig } from 'vite';
import { closure } from './preloads.ts';
import { startChunks } from './start-chunks.ts';

const START = 'src/embed/open.tsx';
/** It imports the start as lazy chunks are: with its styles, whoever has been told of them before. */
const ENTRY = `const { open } = await import('/${START}');\nexport { open };\n`;

/** What asks for the first gets the second. */
const IN_PLACE_OF_REACT = [
  { find: /^react$/, replacement: 'preact/compat' },
  { find: /^react-dom$/, replacement: 'preact/compat' },
  { find: /^react-dom\/client$/, replacement: 'preact/compat/client' },
  { find: /^react\/jsx-runtime$/, replacement: 'preact/compat/jsx-runtime' },
  { find: /^use-sync-external-store\/shim$/, replacement: 'preact/compat' },
];

type Chunk = Rolldown.OutputChunk;
type Output = Chunk | Rolldown.OutputAsset;

type Site = UserConfig & { readonly resolve: { readonly alias: readonly Alias[] } };

interface EmbedSite {
  readonly plugin: Plugin;
  /** The chunks that an embed loads first; known once it has been built. */
  readonly first: () => readonly Chunk[];
}

/** `site`: what holds for the whole site; `plugins`: what its sources need, anew for each build. */
export function embedSite(site: Site, plugins: () => PluginOption[]): EmbedSite {
  let root = process.cwd();
  let files: readonly Output[] = [];
  const chunk = (is: (chunk: Chunk) => boolean): Chunk => {
    const found = chunksOf(files).find(is);
    if (found === undefined) throw new Error('the embed has not been built');
    return found;
  };
  const entry = (): Chunk => chunk(({ isEntry }) => isEntry);
  return {
    first: () => {
      const start = chunk(({ facadeModuleId }) => facadeModuleId?.endsWith(`/${START}`) === true);
      return closure(start, chunksOf(files), closure(entry(), chunksOf(files)));
    },
    plugin: {
      name: 'embed-site',
      apply: 'build',
      enforce: 'pre',
      configResolved: (config) => {
        root = config.root;
      },
      async buildStart() {
        files = await buildEmbed(root, site, plugins());
      },
      resolveId(source, importer) {
        if (source !== './embed/open' || importer?.endsWith('/src/main.tsx') !== true) return null;
        // Beside the chunk that imports it, as all chunks are.
        return { id: `./${entry().fileName.replace(/^.*\//, '')}`, external: 'absolute' };
      },
      generateBundle: {
        // After the app's own: what both have, as the engine's file, is the same to the byte and there once.
        order: 'post',
        handler(_options, bundle) {
          for (const file of files) {
            const source = file.type === 'chunk' ? file.code : file.source;
            const there = bundle[file.fileName];
            if (there === undefined) this.emitFile({ type: 'asset', fileName: file.fileName, source });
            else if (!isSame(there.type === 'chunk' ? there.code : there.source, source))
              this.error(`${file.fileName} of the embed is not that of the app`);
          }
        },
      },
    },
  };
}

const chunksOf = (files: readonly Output[]): readonly Chunk[] =>
  files.flatMap((each) => (each.type === 'chunk' ? [each] : []));

const isSame = (one: string | Uint8Array, other: string | Uint8Array): boolean =>
  Buffer.from(one).equals(Buffer.from(other));

const entryPlugin = (): Plugin => ({
  name: 'embed-entry',
  resolveId: (id) => (id === 'embed-entry' ? '\0embed-entry' : null),
  load: (id) => (id === '\0embed-entry' ? ENTRY : null),
});

async function buildEmbed(root: string, site: Site, plugins: PluginOption[]): Promise<readonly Output[]> {
  const result = await build({
    ...site,
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [entryPlugin(), ...plugins],
    resolve: {
      alias: [...IN_PLACE_OF_REACT, ...site.resolve.alias],
    },
    build: {
      ...site.build,
      write: false,
      manifest: '.vite/manifest-embed.json',
      rolldownOptions: {
        input: 'embed-entry',
        preserveEntrySignatures: 'exports-only',
        output: {
          entryFileNames: 'assets/embed-[hash].js',
          chunkFileNames: 'assets/embed-[name]-[hash].js',
          assetFileNames: 'assets/embed-[name]-[hash][extname]',
          codeSplitting: { groups: startChunks(START) },
        },
      },
    },
  });
  return (Array.isArray(result) ? result : [result]).flatMap((each) => ('output' in each ? each.output : []));
}
