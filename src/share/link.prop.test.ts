import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from './base64url';
import { decodeLink, encodeLink } from './link';
import { canonicalScene, type Scene } from './scene';

const wellFormed = fc.string({ unit: 'binary' });
const line = fc.oneof(
  wellFormed,
  fc.constantFrom('boot', 'ioas = IOAS_ALLOC ctx', 'dma 01:00.0 write 0x100040 64', 'pci 01:00.0 endpoint'),
);
const state: fc.Arbitrary<string | null> = fc.option(
  fc.oneof(wellFormed, fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/)),
);
const scene: fc.Arbitrary<Scene> = fc.record({
  script: fc.array(line).map((lines) => lines.join('\n')),
  cursor: fc.option(fc.nat(10)),
  selection: fc.option(wellFormed),
  camera: fc.option(fc.record({ x: fc.double(), y: fc.double(), zoom: fc.double() })),
  state,
});

describe('any scene', () => {
  it('comes out of its link as it went in', () => {
    fc.assert(
      fc.property(scene, (x) => {
        expect(decodeLink(encodeLink(x))).toEqual({ ok: true, scene: canonicalScene(x) });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps its script to the character', () => {
    fc.assert(fc.property(scene, (x) => canonicalScene(x).script === x.script));
  });

  it('has one link', () => {
    fc.assert(fc.property(scene, (x) => encodeLink(canonicalScene(x)) === encodeLink(x)));
  });
});

describe('any garbage', () => {
  it('is answered, never thrown at', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => `#s1:${toBase64url(bytes)}`),
      fc.tuple(scene, fc.nat(), fc.string()).map(([x, at, text]) => {
        const link = encodeLink(x);
        return link.slice(0, at % link.length) + text + link.slice((at % link.length) + 1);
      }),
    );
    fc.assert(
      fc.property(garbage, (hash) => {
        const decoded = decodeLink(hash);
        expect(decoded.ok || decoded.why.length > 20).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('base64url', () => {
  it('gives back all bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
  });
});
