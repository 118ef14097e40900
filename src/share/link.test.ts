import { deflateSync } from 'fflate';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toBase64url } from './base64url';
import { DICTIONARY_S1 } from './dictionary-s1';
import { DICTIONARY_S2 } from './dictionary-s2';
import { linkAdvice } from './advice';
import { LINK_LIMITS } from './limits';
import { decodeLink, encodeLink, isLink } from './link';
import type { Scene } from './scene';
import { deflated, linkAround } from './testing/link-around';

interface Recorded {
  readonly name: string;
  readonly link: string;
  readonly scene: Scene;
}

const CORPUS = new URL('./corpus/', import.meta.url);
const plain = (script: string): Scene => ({ script, cursor: null, selection: null, camera: null });
const whyNot = (hash: string): string => {
  const decoded = decodeLink(hash);
  expect(decoded.ok).toBe(false);
  return decoded.ok ? '' : decoded.why;
};

describe('links recorded once are readable for ever', () => {
  // Written down on the day their version was made, and never again: when one of these fails, links that people have
  // sent no longer open. Mend the code, not the corpus; a new version adds a file.
  const files = readdirSync(CORPUS).filter((file) => file.endsWith('.json'));
  const recorded = files.flatMap(
    (file) => JSON.parse(readFileSync(new URL(file, CORPUS), 'utf8')) as Recorded[],
  );

  it('the dictionaries are those they were made with', () => {
    // Recorded with the corpus; see dictionary-s1.ts.
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(digest(DICTIONARY_S1)).toBe('5725d6d1a417eea55e93f6c26a33b44a6968fe09b8f071ba924abc17c061db05');
    expect(digest(DICTIONARY_S2)).toBe('403b085235db5917516aae9a51e2fe8f4bb77d6cd1f1ae5eb66c0a30e2100583');
  });

  it('there are some', () => {
    expect(files).toEqual(expect.arrayContaining(['s1.json', 's2.json']));
    expect(recorded.length).toBeGreaterThan(5);
  });

  it.each(recorded)('$name', ({ link, scene }) => {
    expect(decodeLink(link)).toEqual({ ok: true, scene });
  });
});

describe('a link', () => {
  it('is short for a short scene', () => {
    const script = [
      'machine q35 iommu=vtd',
      'pci 00:01.0 root-port acs=SV+RR+CR+UF',
      'pci 01:00.0 endpoint id=8086:10d3',
      'driver 01:00.0 vfio-pci',
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
      'dev = BIND ctx 01:00.0',
      'hwpt = ATTACH dev ioas',
      'buf = mmap qemu 2M',
      'IOAS_MAP ioas buf iova=0x100000 len=2M rw',
      'dma 01:00.0 write 0x100040 64',
      '',
    ].join('\n');
    expect(encodeLink(plain(script)).length).toBeLessThan(script.length / 2);
  });

  it('spells defaults and roundings one way', () => {
    const link = encodeLink(plain('boot\n'));
    expect(encodeLink({ ...plain('boot\n'), cursor: 1 })).toBe(link);
    expect(encodeLink({ ...plain('boot\n'), selection: '' })).toBe(link);
    expect(encodeLink({ ...plain('boot\n'), cursor: 0 })).not.toBe(link);
    const camera = { x: 10.2, y: -0.4, zoom: 1.004 };
    expect(decodeLink(encodeLink({ ...plain('boot\n'), camera }))).toMatchObject({
      scene: { camera: { x: 10, y: 0, zoom: 1 } },
    });
  });

  it('survives an escaped colon and the punctuation of a sentence', () => {
    const link = encodeLink(plain('boot\n'));
    for (const bent of [link.replace(':', '%3A'), `${link}.`, `${link}),`, link.slice(1)]) {
      expect(decodeLink(bent)).toEqual({ ok: true, scene: plain('boot\n') });
    }
  });

  it('opens when a newer page added a header key', async () => {
    const link = linkAround(deflated('zz=1 c=0\nboot\n', 's2'), 's2');
    expect(decodeLink(link)).toEqual({ ok: true, scene: { ...plain('boot\n'), cursor: 0 } });
  });
});

describe('a bad link is refused in words', () => {
  const link = encodeLink(plain('pci 01:00.0 endpoint id=8086:10d3\n'.repeat(20)));

  it('names a version that it does not know', () => {
    expect(whyNot('#s3:AAAA')).toMatch(/version s3, which this page does not know/);
    expect(whyNot('#s10:AAAA')).toMatch(/version s10/);
  });

  it('knows what is no scene', () => {
    for (const hash of ['', '#', '#about', '#s1', 's1AAAA', '#x1:AAAA']) {
      expect(isLink(hash)).toBe(false);
      expect(whyNot(hash)).toMatch(/holds no scene/);
    }
  });

  it.each(Array.from({ length: link.length - 4 }, (_, cut) => 4 + cut))('cut to %i characters', (length) => {
    expect(whyNot(link.slice(0, length))).toMatch(/damaged/);
  });

  it('with any one character changed', () => {
    for (let at = 4; at < link.length; at++) {
      const other = link[at] === 'A' ? 'B' : 'A';
      expect(whyNot(link.slice(0, at) + other + link.slice(at + 1))).toMatch(/damaged/);
    }
  });

  it('with something behind it', async () => {
    expect(whyNot(`${link}AAAA`)).toMatch(/damaged/);
    expect(whyNot(`${link} and more`)).toMatch(/damaged/);
  });

  it('with a right checksum around nonsense', async () => {
    expect(whyNot(linkAround(Uint8Array.of(7, 7, 7), 's2'))).toMatch(/damaged/); // block type 3 is reserved
    expect(whyNot(linkAround(deflated('no header', 's2'), 's2'))).toMatch(/damaged/);
    expect(whyNot(linkAround(deflated('c=x\nboot', 's2'), 's2'))).toMatch(/damaged/);
    expect(whyNot(linkAround(deflated('s=%E0%A4%A\nboot', 's2'), 's2'))).toMatch(/damaged/);
    expect(whyNot(linkAround(deflated('v=1,2\nboot', 's2'), 's2'))).toMatch(/damaged/);
    expect(whyNot(linkAround(deflateSync(Uint8Array.of(10, 0xff, 0xfe)), 's2'))).toMatch(/damaged/); // not UTF-8
  });

  it('longer than any scene, without reading it', () => {
    const start = performance.now();
    expect(whyNot(`#s1:${'A'.repeat(LINK_LIMITS.hashLength)}`)).toMatch(/2,000,004 characters/);
    expect(performance.now() - start).toBeLessThan(100);
  });

  it('that is a bomb, without unpacking it', async () => {
    // About 1.2 GB: each byte of it is four times <258 zeros>.
    const bomb = linkAround(zeros(1_200_000), 's1');
    expect(bomb.length).toBeLessThan(LINK_LIMITS.hashLength);
    const before = process.memoryUsage().arrayBuffers;
    expect(whyNot(bomb)).toMatch(/unpacks to more than 4,194,304 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  });
});

/** A deflate stream of about `bytes` bytes that inflates about a thousandfold. RFC 1951 section 3.2.7. */
function zeros(bytes: number): Uint8Array {
  const seed = deflateSync(new Uint8Array(3 << 20), { level: 9 });
  // The middle of the stream is one repeated byte (all codes 0): what lies between is stretched.
  const at = Math.floor(seed.length / 2);
  expect([...seed.subarray(at - 8, at + 8)].every((byte) => byte === seed[at])).toBe(true);
  const bomb = new Uint8Array(bytes).fill(seed[at]!);
  bomb.set(seed.subarray(0, at));
  return bomb;
}

describe('advice on sending a link', () => {
  it('warns beyond 2,000 characters, where chat programs begin to cut, and beyond what browsers keep', () => {
    expect(linkAdvice(2000)).toEqual({ level: 'fine', text: '2,000 characters' });
    expect(linkAdvice(2001)).toMatchObject({ level: 'long' });
    expect(linkAdvice(2_000_001)).toMatchObject({ level: 'too-long' });
  });
});

describe('base64url', () => {
  it('is RFC 4648 section 5', () => {
    for (const text of ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar', '\u00fb\u00ff\u00fe']) {
      expect(toBase64url(Buffer.from(text))).toBe(Buffer.from(text).toString('base64url'));
    }
  });
});
