import { DEFAULT_OPTIONS, formatOptions, type EmbedOptions } from './options';

/** The scene that somebody wants in a page of theirs. */
export interface Embedded {
  /** Address of the playground: of its page, without query and hash. */
  readonly page: string;
  /** With its `#`. */
  readonly hash: string;
  readonly title: string;
  readonly options: EmbedOptions;
  readonly start: Start;
}

/** When the element puts the embed in the place of its poster. */
export type Start = 'click' | 'visible' | 'now';

/** Where no height was chosen: a frame cannot ask for one. */
export const FRAME_HEIGHT = 420;

/** The address of the frame, however it comes into the page. */
export const frameAddress = ({ page, hash, options }: Pick<Embedded, 'page' | 'hash' | 'options'>): string =>
  `${page}?${formatOptions({ ...options, height: DEFAULT_OPTIONS.height })}${hash}`;

/** The element with its script; the link in it is what readers without scripts have. */
export function elementSnippet(embedded: Embedded): string {
  const { page, hash, title } = embedded;
  const folder = page.replace(/[^/]*$/, '');
  return `<script type="module" src="${attribute(`${folder}embed/iommu-playground.js`)}"></script>
<iommu-playground
${elementAttributes(embedded)
  .map(([name, value]) => `  ${value === '' ? name : `${name}="${attribute(value)}"`}\n`)
  .join('')}>
  <a href="${attribute(page + hash)}">${text(title)}</a>
</iommu-playground>`;
}

/** Names and values; an empty value stands alone. */
export function elementAttributes({
  page,
  hash,
  title,
  options,
  start,
}: Embedded): readonly (readonly [string, string])[] {
  const words = formatOptions(options)
    .split('&')
    .slice(1)
    .map((word): readonly [string, string] => {
      const [name = '', value = ''] = word.split('=');
      return [name, value];
    });
  return [
    ['link', page + hash],
    ['title', title],
    ...words,
    ...(start === 'click' ? [] : [['start', start] as const]),
  ];
}

export function frameSnippet(embedded: Embedded): string {
  const { title, options } = embedded;
  return `<iframe
  src="${attribute(frameAddress(embedded))}"
  title="${attribute(title)}"
  width="100%"
  height="${options.height ?? FRAME_HEIGHT}"
  frameborder="0"
  sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"
  allow="clipboard-write; fullscreen"
  loading="lazy"
></iframe>`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (plain: string): string => plain.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);
const attribute = (plain: string): string => text(plain.replace(/\s+/g, ' ').trim());
