/**
 * The few forms that narration has, of Markdown's: paragraphs, lists, code, emphasis, links. What is read is data, and is
 * drawn as text: a link leads to a lesson or scene of this page, or to a document by https, and nowhere else.
 */
export type Block =
  | { readonly kind: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'code'; readonly text: string };

export type Span =
  | { readonly kind: 'text' | 'code' | 'emphasis' | 'strong'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

const SPAN = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
const HREF = /^(?:#(?:lesson|scene)=[a-z0-9:-]+|https:\/\/\S+)$/;

export function parseSpans(text: string): readonly Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const match of text.matchAll(SPAN)) {
    const [whole, code, strong, emphasis, label, href] = match;
    if (match.index > at) spans.push({ kind: 'text', text: text.slice(at, match.index) });
    at = match.index + whole.length;
    if (code !== undefined) spans.push({ kind: 'code', text: code });
    else if (strong !== undefined) spans.push({ kind: 'strong', text: strong });
    else if (emphasis !== undefined) spans.push({ kind: 'emphasis', text: emphasis });
    else if (label !== undefined && href !== undefined && HREF.test(href))
      spans.push({ kind: 'link', text: label, href });
    else spans.push({ kind: 'text', text: whole });
  }
  if (at < text.length) spans.push({ kind: 'text', text: text.slice(at) });
  return spans;
}

/** Lines between two fences or directives: paragraphs with a blank line between, or a list of lines that begin with `- `. */
export function parseProse(lines: readonly string[]): readonly Block[] {
  const parts = lines
    .join('\n')
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.map((part): Block => {
    if (!part.startsWith('- '))
      return { kind: 'paragraph', spans: parseSpans(part.replace(/\s*\n\s*/g, ' ')) };
    const items = part.slice(2).split(/\n- /);
    return { kind: 'list', items: items.map((item) => parseSpans(item.replace(/\s*\n\s*/g, ' '))) };
  });
}
