// The pieces for documentation tools (src/docs-sites): which files an author copies for which tool, and where to. The build puts
// them beside the site, so that they can be had from the playground's own address; the tests make whole sites with them.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(root, 'src/docs-sites');

export type Tool = 'html' | 'readme' | 'sphinx' | 'mdbook' | 'vitepress' | 'docusaurus';

interface Pieces {
  /** A file, or a folder with all in it, under src/docs-sites → its place in the folder that the author copies into. */
  readonly files: Readonly<Record<string, string>>;
  /** That folder, in the author's site. */
  readonly into: string;
  /** Where the example has figures and scripts. */
  readonly figures: string;
  readonly scenes: string | null;
}

const STYLE = { 'shared/iommu-playground.css': 'iommu-playground.css' };
const THEME = { 'shared/iommu-site-theme.js': 'iommu-site-theme.js' };
/** What components of JavaScript tools have in common. */
const COMMON = Object.fromEntries(
  ['iommu-playground.css', 'words.js', 'load-element.js'].map((name) => [
    `shared/${name}`,
    `iommu-playground/${name}`,
  ]),
);

const TOOLS: Readonly<Record<Tool, Pieces>> = {
  html: { files: { ...STYLE, ...THEME }, into: '.', figures: 'figures', scenes: null },
  readme: { files: {}, into: '.', figures: 'figures', scenes: null },
  sphinx: {
    files: { 'sphinx/iommu_playground.py': 'iommu_playground.py', ...STYLE, ...THEME },
    into: '_ext',
    figures: 'figures',
    scenes: 'scenes',
  },
  mdbook: {
    files: { 'mdbook/iommu-playground.js': 'iommu-playground.js', ...STYLE, ...THEME },
    into: '.',
    figures: 'src/figures',
    scenes: 'src/scenes',
  },
  vitepress: {
    files: { 'vitepress/iommu-playground': 'iommu-playground', ...COMMON },
    into: '.vitepress',
    figures: 'public/figures',
    scenes: 'scenes',
  },
  docusaurus: {
    files: { 'docusaurus/iommu-playground': 'iommu-playground', ...COMMON },
    into: '.',
    figures: 'static/figures',
    scenes: 'scenes',
  },
};

/** Every file below a folder, or the file itself. */
function below(path: string): readonly string[] {
  const full = join(home, path);
  try {
    return readdirSync(full, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1));
  } catch {
    return [path];
  }
}

/** What an author of this tool copies: place → file under src/docs-sites. */
function piecesOf(tool: Tool): ReadonlyMap<string, string> {
  const pieces = new Map<string, string>();
  for (const [from, to] of Object.entries(TOOLS[tool].files))
    for (const file of below(from)) pieces.set(to + file.slice(from.length), file);
  return pieces;
}

/** What stands for the address of a playground in the pieces and examples. */
const PLACEHOLDER = 'https://PLAYGROUND/';

/** The example of a tool as an author would have it, with this playground in it. */
export function makeExample(tool: Tool, folder: string, playground: string): void {
  const { into, figures, scenes } = TOOLS[tool];
  const write = (to: string, from: string): void => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    const text = readFileSync(join(home, from), 'utf8');
    writeFileSync(join(folder, to), text.replaceAll(PLACEHOLDER, playground));
  };
  const example = `${tool}/example`;
  for (const file of below(example)) write(file.slice(example.length + 1), file);
  for (const [to, from] of piecesOf(tool)) write(join(into, to), from);
  cpSync(join(home, 'figures'), join(folder, figures), { recursive: true });
  if (scenes !== null)
    for (const name of readdirSync(join(home, 'figures')))
      if (/^[a-z-]+(?<!-dark)\.svg$/.test(name)) {
        const scene = name.replace('.svg', '.iommu');
        cpSync(join(root, 'src/gallery/scenes', scene), join(folder, scenes, scene));
      }
}

/** A plug-in: `docs-sites/TOOL/…` of the built site. */
export function docsSites(): Plugin {
  return {
    name: 'docs-sites',
    apply: 'build',
    generateBundle() {
      const emit = (fileName: string, file: string): void =>
        void this.emitFile({ type: 'asset', fileName, source: readFileSync(join(home, file)) });
      emit('docs-sites/README.md', 'README.md');
      for (const tool of Object.keys(TOOLS) as Tool[])
        for (const [to, file] of piecesOf(tool)) emit(`docs-sites/${tool}/${to}`, file);
    },
  };
}
