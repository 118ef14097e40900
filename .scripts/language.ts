// The page in another language: src/languages/<code>/ has files named like those of src/words, and each import of one is
// answered with the language's file, or with the English one where there is none yet. src/words/README.md tells the rest.
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const src = fileURLToPath(new URL('../src/', import.meta.url)).replaceAll('\\', '/');

export function language(code: string | undefined, languages = `${src}languages/`): Plugin {
  if (code === undefined || code === '' || code === 'en') return { name: 'language' };
  const home = `${languages}${code}/`;
  if (!existsSync(home)) throw new Error(`no language “${code}”: there is no folder src/languages/${code}`);
  return {
    name: 'language',
    enforce: 'pre',
    resolveId(source, importer) {
      // A language's own files may take what they leave as it is from the English ones.
      if (importer === undefined || !source.startsWith('.') || importer.startsWith(home)) return null;
      const wanted = resolve(dirname(importer), source).replaceAll('\\', '/');
      if (!wanted.startsWith(`${src}words/`)) return null;
      const file = `${home}${wanted.slice(`${src}words/`.length).replace(/\.ts$/, '')}.ts`;
      return existsSync(file) ? file : null;
    },
    transformIndexHtml: (html) => html.replace('<html lang="en"', `<html lang="${code}"`),
  };
}
