/** Pieces of Markdown. Everything from outside goes through `escaped` or `code`. */

/** The first two lines of a table. */
export const head = (...cells: readonly string[]): readonly string[] => [
  row(...cells),
  row(...cells.map(() => '---')),
];
export const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** As code, within a cell: with as many ticks as it takes. */
export function code(text: string): string {
  const ticks = '`'.repeat(longestRun(text) + 1);
  const space = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${space}${text.replaceAll('|', '\\|')}${space}${ticks}`;
}

/** A script, whatever ticks are in it. */
export function fenced(text: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${ticks}iommu\n${text.replace(/\n+$/, '')}\n${ticks}`;
}

const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

/** What would be markup; a `_` within a word is none. */
export const escaped = (text: string): string =>
  text.replace(/[\\`*[\]<>|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&').replace(/\s+/g, ' ');
