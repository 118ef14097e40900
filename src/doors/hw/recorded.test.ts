import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CaseReplay, recordedFiles, type Ask, type RecordedCase } from '../../testing/riscv-case';
import { RiscvRig } from './riscv-rig';

// Expected values: recorded from the RISC-V IOMMU reference model, commit 14fd391692c9. A spread of the cases is in the
// project; all of them are used where they lie beside the checkout.
const FIXTURES = new URL('../../testing/fixtures/riscv/cases.jsonl.gz', import.meta.url);
const ALL = new URL('../../../../shared/conformance/riscv/vectors/', import.meta.url);
const present = existsSync(ALL);

const casesOf = (file: URL): readonly RecordedCase[] =>
  gunzipSync(readFileSync(file))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedCase);

/** One rig for all: a reset leaves nothing behind. */
const rig = new RiscvRig();
const ask: Ask = (line) => {
  const answer = JSON.parse(rig.answer(line)) as Record<string, unknown>;
  if (answer['ok'] !== 1) throw new Error(`${line}: ${String(answer['err'])}`);
  return answer;
};

function replayAll(
  cases: readonly RecordedCase[],
  flush: boolean,
): { differing: readonly string[]; compared: number } {
  const replays = cases.map((recorded) => new CaseReplay(ask, recorded).run(flush));
  return {
    differing: replays.flatMap(({ differences }) => differences),
    compared: replays.reduce((sum, { compared }) => sum + compared, 0),
  };
}

const fixtures = casesOf(FIXTURES);
const tags = [...new Set(fixtures.map(({ tag }) => tag))].sort();

for (const flush of [false, true]) {
  describe(`cases of the reference model, ${flush ? 'nothing cached' : 'caches as they are'}`, () => {
    it.each(tags)('%s', (tag) => {
      const cases = fixtures.filter((each) => each.tag === tag);
      const { differing, compared } = replayAll(cases, flush);
      expect(differing).toEqual([]);
      expect(compared).toBeGreaterThan(10 * cases.length);
    });
  });
}

describe('memory-resident interrupt files', () => {
  it('are told by their whole address, of which the model keeps 47 bits', () => {
    // Spec: section "Process to translate addresses of MSIs": msipte.MRIF_Address[55:9] * 512
    const told = fixtures.flatMap((recorded) => {
      const { fileAddresses } = new CaseReplay(ask, recorded).run(true);
      const entries = recordedFiles(recorded);
      return fileAddresses.map((address) => ({ address, entry: entries.has(address) }));
    });
    expect(told.filter(({ entry }) => !entry)).toEqual([]);
    expect(told.filter(({ address }) => address >= 1n << 47n)).not.toEqual([]);
  });
});

describe.skipIf(!present)('all cases of the reference model', () => {
  const files = present ? readdirSync(ALL).filter((name) => name.endsWith('.jsonl.gz')) : [];
  const modes = files.flatMap((name) => [
    { name, flush: false },
    { name, flush: true },
  ]);
  it.each(modes)('$name, flushed before each request: $flush', { timeout: 120_000 }, ({ name, flush }) => {
    const cases = casesOf(new URL(name, ALL));
    const { differing, compared } = replayAll(cases, flush);
    expect(differing.slice(0, 5)).toEqual([]);
    expect(compared).toBeGreaterThan(10 * cases.length);
  });
});

describe.skipIf(present)('all cases of the reference model', () => {
  it.skip('need ../shared/conformance/riscv/vectors beside the checkout', () => undefined);
});
