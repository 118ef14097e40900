import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Replay } from './testing/recorded-replay';

// Expected values: recorded on Linux 7.1 (merge window) with its mock IOMMU; `../shared/conformance/ops` beside the
// checkout. Each sequence is compared up to the first operation that this engine does not have yet.
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

const files = present ? untar(gunzipSync(readFileSync(ARCHIVE))) : new Map<string, string>();
const themes = [
  ...new Set([...files.keys()].map((name) => /(\w+)-\d+\.txt$/.exec(name)?.[1] ?? 'other')),
].sort();

describe.skipIf(!present)('sequences recorded on a real kernel', () => {
  it.each(themes)('theme %s', (theme) => {
    let compared = 0;
    const differences: string[] = [];
    for (const [name, text] of files) {
      if (!name.includes(`${theme}-`)) continue;
      const replay = new Replay();
      const difference = replay.run(text);
      compared += replay.compared;
      if (difference) differences.push(`${name}: ${difference}`);
    }
    expect(differences.slice(0, 5)).toEqual([]);
    // A replay that gives up early would agree with everything.
    expect(compared).toBeGreaterThan(400);
  });
});

describe.skipIf(present)('sequences recorded on a real kernel', () => {
  it.skip('need ../shared/conformance/ops beside the checkout', () => undefined);
});
