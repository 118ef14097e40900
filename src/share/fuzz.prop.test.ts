import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readHash } from './hash';
import { decodeLink, encodeLink } from './link';
import { LINK_LIMITS } from './limits';
import { canonicalScene, type Scene } from './scene';
import { deflated, linkAround, packedOf, type Version } from './testing/link-around';

/** All of it on full runs; a sample on ordinary days. */
const RUNS = process.env['FULL'] === '1' ? 100_000 : 2_000;

interface Recorded {
  readonly link: string;
  readonly scene: Scene;
}
const recorded = ['s1', 's2'].flatMap(
  (version) =>
    JSON.parse(readFileSync(new URL(`./corpus/${version}.json`, import.meta.url), 'utf8')) as Recorded[],
);
const links = recorded.map(({ link }) => link);

const anyLink = fc.constantFrom(...links);
const version = fc.constantFrom<Version>('s1', 's2');

/** Characters lost, changed, doubled, moved: what mail programs and people do. */
const mangled = fc
  .tuple(
    anyLink,
    fc.array(fc.tuple(fc.nat(), fc.nat(4), fc.string({ unit: 'binary', maxLength: 4 })), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([link, changes]) =>
    changes.reduce((text, [where, how, put]) => {
      const at = where % (text.length + 1);
      const [before, after] = [text.slice(0, at), text.slice(at)];
      return [
        before + put + after,
        before + after.slice(1),
        before,
        before + put + after.slice(put.length),
        before + after + before.slice(-40),
      ][how]!;
    }, link),
  );

/** Two halves of different links. */
const spliced = fc
  .tuple(anyLink, anyLink, fc.nat(), fc.nat())
  .map(([a, b, at, from]) => a.slice(0, at % a.length) + b.slice(from % b.length));

/** Bytes changed behind a right checksum: they reach the inflater. */
const rechecked = fc
  .tuple(anyLink, version, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }))
  .map(([link, as, changes]) => {
    const bytes = Uint8Array.from(packedOf(link));
    for (const [where, value] of changes) bytes[where % bytes.length] = value;
    return linkAround(bytes, as);
  });

/** Texts that are no scene, well packed: they reach the parser. */
const repacked = fc
  .tuple(
    fc.constantFrom(...recorded),
    version,
    fc.stringMatching(/^(?:[csvhz]=[0-9A-Za-z%,.:-]{0,12} ?){0,5}\n?$/),
    fc.nat(40),
  )
  .map(([{ scene }, as, header, cut]) => linkAround(deflated(header + scene.script.slice(0, cut), as), as));

const hash = fc.oneof(
  mangled,
  spliced,
  rechecked,
  repacked,
  mangled.map((link) => encodeURIComponent(link.replace(/\p{Cs}/gu, '?'))),
  fc
    .tuple(fc.constantFrom('#url=', '#lesson=', '#scene=', '#'), fc.string({ unit: 'binary' }))
    .map((parts) => parts.join('')),
);

it(
  'a mutated link is a whole scene or none: never an exception, never a part of one',
  () => {
    let scenes = 0;
    fc.assert(
      fc.property(hash, (text) => {
        expect(readHash(text).kind).toMatch(/^(?:nothing|scene|url|lesson|gallery)$/);
        const decoded = decodeLink(text);
        if (!decoded.ok) {
          expect(decoded.why.length).toBeGreaterThan(20);
          return;
        }
        scenes++;
        const { scene } = decoded;
        expect(scene).toEqual(canonicalScene(scene));
        expect(scene.script.length).toBeLessThanOrEqual(LINK_LIMITS.sceneBytes);
        expect(decodeLink(encodeLink(scene))).toEqual({ ok: true, scene });
      }),
      { numRuns: RUNS },
    );
    // Some get through: else nothing behind the checksum was tried.
    expect(scenes).toBeGreaterThan(RUNS / 100);
  },
  RUNS * 6 + 10_000,
);

it('takes a time that its length bounds, whatever is inside', () => {
  const longest = `#s2:${'A'.repeat(LINK_LIMITS.hashLength - 4)}`;
  const start = performance.now();
  expect(decodeLink(longest).ok).toBe(false);
  expect(decodeLink(linkAround(new Uint8Array(1_000_000).fill(0xaa), 's2')).ok).toBe(false);
  expect(performance.now() - start).toBeLessThan(4000);
});
