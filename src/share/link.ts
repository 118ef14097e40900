import { deflateSync, Inflate } from 'fflate';
import { fromBase64url, toBase64url } from './base64url';
import { DICTIONARY_S1 } from './dictionary-s1';
import { formatScene, parseScene, type Scene } from './scene';

/**
 * A scene in the hash of a URL: `#s1:` and base64url of a checksum and the deflated scene. Nothing leaves the browser, and
 * a link is readable for ever: what `s1` means never changes (corpus/ holds links that must open), a better codec is `s2`
 * beside it.
 *
 *   s1 = checksum(3 bytes of CRC-32 of the rest) raw-deflate(dictionary-s1, UTF-8 of the scene)
 */
export const LINK_LIMITS = {
  /** Characters; Chromium loses hashes of about this size. */
  hashLength: 2_000_000,
  /** Bytes of a scene: far above any machine, far below what hurts. */
  sceneBytes: 4 << 20,
} as const;

export type DecodedLink =
  { readonly ok: true; readonly scene: Scene } | { readonly ok: false; readonly why: string };

const NEWEST = 's1';
const CHECKSUM_BYTES = 3;
/** Deflate expands 1,032 times at the most, so one step is about a megabyte: a bomb is noticed before it hurts. */
const INFLATE_STEP = 1024;

const refused = (why: string): DecodedLink => ({ ok: false, why });
const damaged = refused(
  'This link is damaged: a part is missing or changed. Chat and mail programs sometimes cut long links.',
);

let dictionary: Uint8Array | null = null;
const dictionaryS1 = (): Uint8Array => (dictionary ??= new TextEncoder().encode(DICTIONARY_S1));

/** Bytes of a scene above which the last per mille of its link is not worth six times as long. */
const QUICK_ABOVE = 32 << 10;

/** The hash, `#` included. Lone surrogates, which no script needs, become U+FFFD. */
export function encodeLink(scene: Scene): string {
  const plain = new TextEncoder().encode(formatScene(scene));
  const level = plain.length > QUICK_ABOVE ? 8 : 9;
  const packed = deflateSync(plain, { level, dictionary: dictionaryS1() });
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
    return refused(
      `This link has ${grouped(hash.length)} characters; more than ${grouped(LINK_LIMITS.hashLength)} cannot be a scene.`,
    );
  }
  const match = VERSIONED.exec(hash);
  if (match === null) return refused('This link holds no scene: it should begin with #s1:');
  const version = (match[1] ?? '').toLowerCase();
  if (version !== NEWEST) {
    return refused(
      `This link is of version ${version}, which this page does not know (it reads ${NEWEST}); reload to get a newer page.`,
    );
  }
  // What a sentence puts behind a link is not of the link.
  return decodeS1(hash.slice(match[0].length).replace(/[^A-Za-z0-9_-]{1,8}$/, ''));
}

function decodeS1(text: string): DecodedLink {
  const bytes = fromBase64url(text);
  if (bytes === null || bytes.length <= CHECKSUM_BYTES) return damaged;
  const packed = bytes.subarray(CHECKSUM_BYTES);
  const checksum = crc32(packed);
  for (let index = 0; index < CHECKSUM_BYTES; index++) {
    if (bytes[index] !== ((checksum >>> (24 - 8 * index)) & 0xff)) return damaged;
  }
  const inflated = inflateBounded(packed, dictionaryS1(), LINK_LIMITS.sceneBytes);
  if (inflated === 'malformed') return damaged;
  if (inflated === 'too-big') {
    return refused(
      `This link unpacks to more than ${grouped(LINK_LIMITS.sceneBytes)} bytes; it is not a scene.`,
    );
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

/** CRC-32 as in RFC 1952 section 8 "Appendix: Sample CRC Code", bit by bit: links are short. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const grouped = (count: number): string => String(count).replace(/\B(?=([0-9]{3})+$)/g, ',');

export interface LinkAdvice {
  readonly level: 'fine' | 'long' | 'too-long';
  readonly text: string;
}

/** What to tell someone about to send a link of so many characters, the page's address included. */
export function linkAdvice(length: number): LinkAdvice {
  const size = `${grouped(length)} characters`;
  if (length > LINK_LIMITS.hashLength) {
    return {
      level: 'too-long',
      text: `${size}: browsers lose links this long. Save the scenario as a file instead.`,
    };
  }
  if (length > 2000) {
    return {
      level: 'long',
      text: `${size}: some chat and mail programs cut links beyond 2,000. Try it, or send the file.`,
    };
  }
  return { level: 'fine', text: size };
}
