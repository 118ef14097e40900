import { DEFAULT_OPTIONS, formatOptions, parseOptions, type EmbedOptions } from '../options';

/** Attributes that are options of the embed, by the same names and with the same words as in its query. */
export const OPTION_ATTRIBUTES = [
  'theme',
  'step',
  'controls',
  'autoplay',
  'editable',
  'wheel',
  'motion',
  'height',
];

export function optionsOf(element: Element): EmbedOptions {
  const query = new URLSearchParams();
  for (const name of OPTION_ATTRIBUTES) {
    const value = element.getAttribute(name);
    if (value !== null) query.set(name, value);
  }
  return parseOptions(query);
}

/**
 * The frame's address. `src`: where a playground is, else the one that this script came from. `link`: the scene as a link;
 * a whole address names its playground as well. `scene`: one of the gallery. Null: no address.
 */
export function addressOf(element: Element, home: string): URL | null {
  const link = element.getAttribute('link') ?? '';
  const src = element.getAttribute('src');
  const hashAt = link.indexOf('#');
  const linked = hashAt > 0 ? link.slice(0, hashAt) : null;
  const scene = element.getAttribute('scene');
  let address: URL;
  try {
    address = new URL(src ?? linked ?? home, element.ownerDocument.baseURI);
  } catch {
    return null;
  }
  if (address.protocol !== 'https:' && address.protocol !== 'http:' && address.protocol !== 'file:')
    return null;
  // The frame is told its height, it need not know it.
  address.search = formatOptions({ ...optionsOf(element), height: DEFAULT_OPTIONS.height });
  if (hashAt >= 0) address.hash = link.slice(hashAt);
  else if (scene !== null) address.hash = `scene=${encodeURIComponent(scene)}`;
  return address;
}

/** The script that the page's author wrote between the tags; null: none is there. */
export function scriptIn(element: Element): string | null {
  const holder = element.querySelector('script[type="text/iommu"], pre');
  const text = holder?.textContent?.replace(/^\s*\n/, '').replace(/\s+$/, '') ?? '';
  return text === '' ? null : text;
}
