import { escapedChar } from './links';

/** A link as other people's documents spell it. The title is data: whatever it holds, it stays a title. */

/** In brackets or quotes an address must not end early. */
const safeLink = (link: string): string => link.replace(/[\s<>()[\]"'`\\]/g, escapedChar);

const oneLine = (title: string): string => title.replace(/\s+/g, ' ').trim();

/** CommonMark 0.31, section 2.4 "Backslash escapes"; of GitHub's additions, strikethrough and formulas. */
const markdownText = (title: string): string => oneLine(title).replace(/[\\`*_[\]<>!|~&$]/g, '\\$&');

export function asMarkdown(link: string, title: string, pictureUrl: string | null = null): string {
  const text = markdownText(title);
  return pictureUrl === null
    ? `[${text}](${safeLink(link)})`
    : `[![${text}](${safeLink(pictureUrl)})](${safeLink(link)})`;
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const html = (text: string): string => text.replace(/[&<>"']/g, (char) => HTML[char] ?? char);

export function asHtml(link: string, title: string, pictureUrl: string | null = null): string {
  const text = html(oneLine(title));
  const inner = pictureUrl === null ? text : `<img src="${html(safeLink(pictureUrl))}" alt="${text}">`;
  return `<a href="${html(safeLink(link))}">${inner}</a>`;
}

/** Docutils, "reStructuredText Markup Specification", section "Escaping Mechanism": a backslash before any character. */
const rstText = (title: string): string => oneLine(title).replace(/[\\`*_|<>]/g, '\\$&');

/** Two underscores: a reference without a name, so that two of one title do not collide. */
export function asRst(link: string, title: string, pictureUrl: string | null = null): string {
  if (pictureUrl === null) return `\`${rstText(title)} <${safeLink(link).replace(/_$/, '\\_')}>\`__`;
  return [
    `.. image:: ${safeLink(pictureUrl)}`,
    `   :alt: ${oneLine(title)}`,
    `   :target: ${safeLink(link)}`,
    '',
  ].join('\n');
}
