import { deflateSync } from 'fflate';
import { DICTIONARY_S1 } from '../dictionary-s1';
import { DICTIONARY_S2 } from '../dictionary-s2';

/** Links around bytes of our choice, with a right checksum: what a mutation must have to come past the first look. */

/** RFC 1952's CRC bit by bit: the codec's own, by a table, is not checked against itself. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

export type Version = 's1' | 's2';

export function linkAround(packed: Uint8Array, version: Version): string {
  const checksum = crcOf(packed);
  const head = [checksum >>> 24, (checksum >>> 16) & 255, (checksum >>> 8) & 255];
  return `#${version}:${Buffer.concat([Uint8Array.from(head), packed]).toString('base64url')}`;
}

export const packedOf = (link: string): Uint8Array => Buffer.from(link.slice(4), 'base64url').subarray(3);

export const deflated = (text: string, version: Version): Uint8Array =>
  deflateSync(Buffer.from(text), {
    level: 9,
    dictionary: Buffer.from(version === 's1' ? DICTIONARY_S1 : DICTIONARY_S2),
  });
