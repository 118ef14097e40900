import { encodeLink, encodeLinkApart } from './link';
import type { Scene } from './scene';

/** Address of this build, without query and hash: what a link is put behind. */
export const pageBase = (address: string = location.href): string => address.replace(/[?#].*$/s, '');

/** The page is a file on somebody's disk: it has no address for others. */
export const isFile = (address: string = location.href): boolean => address.startsWith('file:');

/** What a link for others is put behind. Of a file: nothing, for the hash alone opens in any playground. */
export const linkBase = (address: string = location.href): string =>
  isFile(address) ? '' : pageBase(address);

/** The whole link of a scene. An empty one is the page itself. */
export const linkTo = (scene: Scene, base: string): string =>
  scene.script === '' ? base : `${base}${encodeLink(scene)}`;

/** The same, made beside the page where it takes long. */
export const linkToApart = async (scene: Scene, base: string): Promise<string> =>
  scene.script === '' ? base : `${base}${await encodeLinkApart(scene)}`;

/** The link of a script that lies elsewhere. What would end it in a hash, or in a sentence, is escaped. */
export const linkToAddress = (address: string, base: string): string =>
  `${base}#url=${address.replace(/[^A-Za-z0-9._~:/?@!$*,;=&+-]+/g, encodeURIComponent).replace(/['()]/g, escapedChar)}`;

/** `(` → `%28`; of ASCII. */
export const escapedChar = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** The link of a scene of the gallery. */
export const linkToGallery = (id: string, base: string): string => `${base}#scene=${encodeURIComponent(id)}`;
