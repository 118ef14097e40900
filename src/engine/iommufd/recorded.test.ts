import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Replay, type Difference } from './testing/recorded-replay';

// Expected values: recorded on Linux 7.1 (merge window) with its mock IOMMU. A spread of the sequences and all
// hand-written probes are in the project; the whole archive is used where it lies beside the checkout.
const FIXTURES = new URL('../../testing/fixtures/ops/', import.meta.url);
const ARCHIVE = new URL('../../../../shared/conformance/ops/train.tar.gz', import.meta.url);
const present = existsSync(ARCHIVE);

/** Just enough of tar: regular files with short names. */
function untar(tar: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; at + 512 <= tar.length;) {
    const name = tar
      .subarray(at, at + 100)
      .toString()
      .replace(/\0.*$/s, '');
    const size = parseInt(tar.subarray(at + 124, at + 136).toString(), 8) || 0;
    if (name.endsWith('.txt')) files.set(name, tar.subarray(at + 512, at + 512 + size).toString());
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

const formatDifference = ({ at, source, expected, actual }: Difference): string =>
  `line ${at}: ${source}\n  expected ${expected}\n  actual   ${actual}`;

/** The first difference, or what is left behind when the recorder has ended. */
function replay(
  text: string,
  contiguous = false,
): { readonly wrong: readonly string[]; readonly compared: number } {
  const run = new Replay({ contiguous });
  const differences = run.run(text).map(formatDifference);
  return { wrong: [...differences, ...run.machine.end()], compared: run.compared };
}

const recorded = readdirSync(FIXTURES).filter((name) => name.endsWith('.txt'));
const read = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8');

describe('sequences recorded on a real kernel', () => {
  it.each(recorded)('%s', (name) => {
    const { wrong, compared } = replay(read(name));
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(3);
  });

  it('say the same whether neighbouring pages are neighbouring frames or not', () => {
    const differing = recorded.flatMap((name) =>
      replay(read(name), true).wrong.map((each) => `${name}: ${each}`),
    );
    expect(differing).toEqual([]);
  });
});

const files = present ? untar(gunzipSync(readFileSync(ARCHIVE))) : new Map<string, string>();
const themes = [
  ...new Set([...files.keys()].map((name) => /([\w-]+)-\d+\.txt$/.exec(name)?.[1] ?? 'other')),
].sort();

describe.skipIf(!present)('the whole archive of recorded sequences', () => {
  it.each(themes)('theme %s', { timeout: 60_000 }, (theme) => {
    let compared = 0;
    const differing: string[] = [];
    for (const [name, text] of files) {
      if (!name.includes(`/${theme}-`)) continue;
      const run = replay(text);
      compared += run.compared;
      differing.push(...run.wrong.map((each) => `${name}: ${each}`));
    }
    expect(differing.slice(0, 5)).toEqual([]);
    // A replay that gives up early would agree with everything.
    expect(compared).toBeGreaterThan(1000);
  });
});

describe.skipIf(present)('the whole archive of recorded sequences', () => {
  it.skip('needs ../shared/conformance/ops beside the checkout', () => undefined);
});
