import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A chapter as mdBook 0.5 writes it. mdBook has no package in the registries that tests may use, so this does by hand what matters to
 * an embed, and no more: preprocessor `links` ({{#include}}), fences, HTML passed through, and the page with its scripts in order.
 *
 * Source: rust-lang/mdBook v0.5.4, crates/mdbook-html/src/html/tree.rs (a fence's words are classes), front-end/templates/index.hbs,
 * front-end/js/book.js (`hljs`, `.buttons`), front-end/css/variables.css (`--color-scheme`).
 */
export function mdbookPage(folder: string, chapter: string, theme: 'light' | 'navy' = 'light'): string {
  const book = readFileSync(join(folder, 'book.toml'), 'utf8');
  const listed = (key: string): readonly string[] =>
    [...(new RegExp(`^${key} = \\[(.*)\\]$`, 'm').exec(book)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(
      ([, name = '']) => name,
    );
  return `<!DOCTYPE HTML>
<html lang="en" class="${theme} sidebar-visible" dir="ltr">
<head>
<meta charset="UTF-8"><title>${chapter}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${THEMES}</style>
${listed('additional-css')
  .map((name) => `<link rel="stylesheet" href="${name}">`)
  .join('\n')}
</head>
<body>
<div id="mdbook-body-container"><div id="mdbook-page-wrapper" class="page-wrapper"><div class="page">
<div id="mdbook-content" class="content"><main>
${rendered(join(folder, 'src', chapter))}
</main></div></div></div>
<script>${BOOK}</script>
${listed('additional-js')
  .map((name) => `<script src="${name}"></script>`)
  .join('\n')}
</div></body></html>`;
}

const THEMES = `
html { color-scheme: var(--color-scheme); font: 16px/1.45 "Open Sans", sans-serif; background: var(--bg); color: var(--fg) }
.light { --color-scheme: light; --bg: hsl(0, 0%, 100%); --fg: hsl(0, 0%, 0%) }
.navy { --color-scheme: dark; --bg: hsl(226, 23%, 11%); --fg: #bcbdd0 }
.content { max-width: 750px; margin: 0 auto; padding: 0 15px } .content img { max-width: 100% }
pre { position: relative } pre > code.hljs { display: block; overflow-x: auto; padding: 1rem } pre .buttons { position: absolute; right: 0 }`;

/** What book.js does to every block of code before the book's own scripts run. */
const BOOK = `for (const code of document.querySelectorAll('code')) code.classList.add('hljs');
for (const pre of document.querySelectorAll('pre')) {
  const buttons = Object.assign(document.createElement('div'), { className: 'buttons' });
  buttons.innerHTML = '<button class="clip-button" title="Copy to clipboard"><i class="tooltiptext"></i></button>';
  pre.prepend(buttons);
}`;

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char,
  );

function rendered(file: string): string {
  const source = readFileSync(file, 'utf8').replace(/\{\{#include (\S+)\}\}/g, (_, path: string) =>
    readFileSync(join(dirname(file), path), 'utf8').trimEnd(),
  );
  return source
    .split(/^(```[\s\S]*?^```)$/m)
    .map((part) => {
      const [, info = '', code = ''] = /^```(.*)\n([\s\S]*)```$/.exec(part) ?? [];
      if (info === '')
        return part
          .split(/\n{2,}/)
          .map(block)
          .join('\n');
      const [language = '', ...words] = info.split(/[ \t,]/).filter((word) => word !== '');
      return `<pre><code class="${[`language-${language}`, ...words].join(' ')}">${escaped(code)}</code></pre>`;
    })
    .join('\n');
}

/** Of Markdown, what the example is written in: headings, paragraphs, HTML. */
function block(text: string): string {
  const [, heading] = /^# (.*)$/.exec(text.trim()) ?? [];
  if (heading !== undefined) return `<h1>${heading}</h1>`;
  return text.trim() === '' || text.trim().startsWith('<') ? text : `<p>${text.trim()}</p>`;
}
