import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailNth } from '../kernel/fail';
import { Replay } from './testing/recorded-replay';

// Recorded sequences with lines left out, doubled, moved, and with destroys of what they name put in between. What each
// line answers nobody has recorded; but whatever a program does, the kernel neither crashes nor warns nor keeps anything
// once all is closed. One point of failure may fail on the way as well.
const FIXTURES = new URL('../../testing/fixtures/ops/', import.meta.url);
const scripts = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.txt'))
  .map((name) =>
    readFileSync(new URL(name, FIXTURES), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('=')),
  );

const isBuffer = (line: string): boolean => line.startsWith('BUF');

/** What happens to a line: left out, doubled, or something that it names is destroyed after it. */
const change = fc.constantFrom('keep', 'keep', 'keep', 'keep', 'keep', 'keep', 'drop', 'double', 'destroy');

function shuffled(
  lines: readonly string[],
  changes: readonly string[],
  swaps: readonly (readonly [number, number])[],
): readonly string[] {
  const out: string[] = [];
  for (const [at, line] of lines.entries()) {
    const what = isBuffer(line) ? 'keep' : changes[at % changes.length];
    if (what !== 'drop') out.push(line);
    if (what === 'double') out.push(line);
    const name = /\$(\w+)/.exec(line)?.[1];
    if (what === 'destroy' && name !== undefined) out.push(`DESTROY id=$${name}`);
  }
  for (const [first, second] of swaps) {
    const [a, b] = [first % out.length, second % out.length];
    const [lineA, lineB] = [out[a] ?? '', out[b] ?? ''];
    if (isBuffer(lineA) || isBuffer(lineB)) continue;
    out[a] = lineB;
    out[b] = lineA;
  }
  return out;
}

const script = fc
  .tuple(
    fc.constantFrom(...scripts),
    fc.array(change, { minLength: 30, maxLength: 60 }),
    fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { maxLength: 8 }),
  )
  .map(([lines, changes, swaps]) => shuffled(lines, changes, swaps));

describe('whatever a program does', () => {
  it('the engine neither breaks nor complains, and in the end nothing is left', { timeout: 60_000 }, () => {
    const property = fc.property(script, fc.nat(300), fc.boolean(), (lines, nth, contiguous) => {
      const replay = new Replay({ fail: new FailNth(nth), contiguous });
      for (const line of lines) replay.execute(line);
      expect(replay.machine.end()).toEqual([]);
    });
    fc.assert(property, { numRuns: 200 });
  });
});
