import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FailNth } from '../kernel/fail';
import { Replay } from './testing/recorded-replay';

// As tools/testing/selftests/iommu/iommufd_fail_nth.c does with eight sequences of its own: the first, second, third …
// point at which the kernel may be told to fail does so, whatever the sequence makes of it, and afterwards everything
// can be closed and nothing is left. Sequences: recorded ones, of every theme.
const SEQUENCES = [
  'access-3463.txt',
  'dirty-1202.txt',
  'hwpt-1297.txt',
  'ioas-map-1584.txt',
  'memfile-1257.txt',
  'nested-4371.txt',
  'q-fault-count0.txt',
  'q-pasid1024.txt',
  'vfio-968.txt',
  'viommu-3990.txt',
];

const read = (name: string): string =>
  readFileSync(new URL(`../../testing/fixtures/ops/${name}`, import.meta.url), 'utf8');

/** Runs a whole sequence with its n-th point failing. */
function runFailing(text: string, nth: number): { readonly fail: FailNth; readonly left: readonly string[] } {
  const fail = new FailNth(nth);
  const replay = new Replay({ fail });
  for (const line of text.split('\n')) {
    if (line !== '' && !line.startsWith('#') && !line.startsWith('=')) replay.execute(line);
  }
  return { fail, left: replay.machine.end() };
}

describe('with the n-th point of failure failing, nothing is left behind', () => {
  it.each(SEQUENCES)('%s', { timeout: 60_000 }, (name) => {
    const text = read(name);
    const wrong: string[] = [];
    let nth = 1;
    for (; ; nth++) {
      const { fail, left } = runFailing(text, nth);
      if (fail.fired === null) break;
      if (left.length > 0) wrong.push(`${nth}: ${fail.fired}: ${left.join('; ')}`);
    }
    expect(wrong).toEqual([]);
    expect(nth).toBeGreaterThan(30);
  });
});
