import { deflateSync, Inflate } from 'fflate';
import { deflateApart } from './deflate-apart';
import { fromBase64url, toBase64url } from './base64url';
import { DICTIONARY_S1 } from './dictionary-s1';
import { DICTIONARY_S2 } from './dictionary-s2';
import { grouped, LINK_LIMITS } from './limits';
import { formatScene, parseScene, type Scene } from './scene';
import * as says from '../words/share/link';

/**
 * A scene in the hash of a URL: `#s2:` and base64url of a checksum and the deflated scene. Nothing leaves the browser, and
 * a link is readable for ever: what a version means never changes (corpus/ holds links that must open), a better codec is
 * the next one beside it.
 *
 *   s1, s2 = checksum(3 bytes of CRC-32 of the rest) raw-deflate(dictionary of the version, UTF-8 of the scene)
 */

export { LINK_LIMITS } from './limits';

export type DecodedLink =
  { readonly ok: true; readonly scene: Scene } | { readonly ok: false; readonly why: string };

const DICTIONARIES: ReadonlyMap<string, string> = new Map([
  ['s1', DICTIONARY_S1],
  ['s2', DICTIONARY_S2],
]);
const NEWEST = 's2';
const CHECKSUM_BYTES = 3;
/** Deflate expands 1,032 times at the most, so one step is about a megabyte: a bomb is noticed before it hurts. */
const INFLATE_STEP = 1024;

const refused = (why: string): DecodedLink => ({ ok: false, why });
const damaged = refused(says.thisLinkIsDamagedAPart);

/** As bytes, once they are needed. */
const encoded = new Map<string, Uint8Array>();
function dictionaryOf(version: string): Uint8Array | null {
  const text = DICTIONARIES.get(version);
  const bytes = encoded.get(version) ?? (text === undefined ? null : new TextEncoder().encode(text));
  if (bytes !== null) encoded.set(version, bytes);
  return bytes;
}

/** Bytes of a scene above which the last per mille of its link is not worth six times as long. */
const QUICK_ABOVE = 32 << 10;

const EMPTY = new Uint8Array();

/** The hash, `#` included. Lone surrogates, which no script needs, become U+FFFD. */
export function encodeLink(scene: Scene): string {
  const { plain, options } = packing(scene);
  return hashOf(deflateSync(plain, options));
}

/** The same hash, to the letter; of a long scene it is made in a worker, while the page goes on. */
export async function encodeLinkApart(scene: Scene): Promise<string> {
  const { plain, options } = packing(scene);
  if (plain.length <= QUICK_ABOVE) return hashOf(deflateSync(plain, options));
  return hashOf(await deflateApart(plain, options));
}

function packing(scene: Scene) {
  const plain = new TextEncoder().encode(formatScene(scene));
  const level: 8 | 9 = plain.length > QUICK_ABOVE ? 8 : 9;
  return { plain, options: { level, dictionary: dictionaryOf(NEWEST) ?? EMPTY } };
}

function hashOf(packed: Uint8Array): string {
  const bytes = new Uint8Array(CHECKSUM_BYTES + packed.length);
  const checksum = crc32(packed);
  bytes.set([checksum >>> 24, checksum >>> 16, checksum >>> 8]);
  bytes.set(packed, CHECKSUM_BYTES);
  return `#${NEWEST}:${toBase64url(bytes)}`;
}

/** Whether a hash claims to be a scene at all; `#` alone or an anchor of the page does not. */
export const isLink = (hash: string): boolean => VERSIONED.test(hash);

/** Some programs escape the colon. */
const VERSIONED = /^#?(s[0-9]+)(?::|%3A)/i;

/** Reads any hash; says why when it cannot. */
export function decodeLink(hash: string): DecodedLink {
  if (hash.length > LINK_LIMITS.hashLength) {
    return refused(says.thisLinkHasCharactersMore(grouped(hash.length), grouped(LINK_LIMITS.hashLength)));
  }
  const match = VERSIONED.exec(hash);
  if (match === null) return refused(says.thisLinkHoldsNoScene(NEWEST));
  const version = (match[1] ?? '').toLowerCase();
  const dictionary = dictionaryOf(version);
  if (dictionary === null) {
    return refused(says.thisLinkIsOfVersion(version, NEWEST));
  }
  // What a sentence puts behind a link is not of the link.
  return unpack(hash.slice(match[0].length).replace(/[^A-Za-z0-9_-]{1,8}$/, ''), dictionary);
}

function unpack(text: string, dictionary: Uint8Array): DecodedLink {
  const bytes = fromBase64url(text);
  if (bytes === null || bytes.length <= CHECKSUM_BYTES) return damaged;
  const packed = bytes.subarray(CHECKSUM_BYTES);
  const checksum = crc32(packed);
  for (let index = 0; index < CHECKSUM_BYTES; index++) {
    if (bytes[index] !== ((checksum >>> (24 - 8 * index)) & 0xff)) return damaged;
  }
  const inflated = inflateBounded(packed, dictionary, LINK_LIMITS.sceneBytes);
  if (inflated === 'malformed') return damaged;
  if (inflated === 'too-big') {
    return refused(says.thisLinkUnpacksToMore(grouped(LINK_LIMITS.sceneBytes)));
  }
  const scene = sceneOf(inflated);
  return scene === null ? damaged : { ok: true, scene };
}

function sceneOf(bytes: Uint8Array): Scene | null {
  try {
    return parseScene(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return null; // not UTF-8
  }
}

function inflateBounded(
  packed: Uint8Array,
  preset: Uint8Array,
  limit: number,
): Uint8Array | 'malformed' | 'too-big' {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Inflate({ dictionary: preset }, (chunk) => {
    chunks.push(chunk);
    total += chunk.length;
  });
  try {
    for (let at = 0; at < packed.length; at += INFLATE_STEP) {
      stream.push(packed.subarray(at, at + INFLATE_STEP), at + INFLATE_STEP >= packed.length);
      if (total > limit) return 'too-big';
    }
  } catch {
    return 'malformed';
  }
  const whole = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** CRC-32 as in RFC 1952 section 8 "Appendix: Sample CRC Code". */
const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_OF_BYTE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
