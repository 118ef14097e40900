import sheet from './sheet.css?inline';
import { SCENE_META } from '../share/scene-in-report';
import { escaped } from '../figure/svg';
import { LOCALE } from '../words/locale';
import { REPORT as words } from '../words/report';

interface FileParts {
  readonly title: string;
  /** The hash of a link: with it the file opens again where it is dropped. */
  readonly scene: string;
}

/**
 * The report as a file of its own: the paper as it stands, its style sheet with the tokens that it uses, the scene. No script, no font, no
 * address but the link.
 */
export function htmlFile(paper: HTMLElement, { title, scene }: FileParts): string {
  const copy = paper.cloneNode(true) as HTMLElement;
  for (const name of ['data-theme', 'tabindex', 'role', 'aria-label', 'style']) copy.removeAttribute(name);
  return `<!doctype html>
<html lang="${escaped(LOCALE)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${escaped(words.generator)}">
<meta name="${SCENE_META}" content="${escaped(scene)}">
<title>${escaped(title)}</title>
<style>
${tokensOf(paper)}
body { margin: 0 auto; padding: 24px; max-width: 900px; background: var(--surface); }
@media print { body { padding: 0; max-width: none; } }
${sheet}
</style>
</head>
<body>
${copy.outerHTML}
</body>
</html>
`;
}

/** Those that the sheet asks for, as they are on the paper. */
function tokensOf(paper: HTMLElement): string {
  const style = getComputedStyle(paper);
  const names = new Set([...sheet.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name ?? ''));
  const rows = [...names].map((name) => `  ${name}: ${style.getPropertyValue(name).trim()};`);
  return `:root {\n  color-scheme: light;\n${rows.join('\n')}\n}`;
}
