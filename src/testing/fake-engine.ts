import type { LineResult, StepBatch } from '../engine/sim/batch';
import { NO_FINDINGS } from '../scenario/import/imported';
import type { EngineApi, RunReply } from '../worker/api';
import { faultingLookup, fixtureLookup, fixtureObjects, gpu } from './fixture-world';

/**
 * An engine that knows no IOMMU, for tests of the page: every line succeeds, except
 * `driver 01:00.1 …` (EBUSY), `dma … 0xdead` (a fault), `nonsense …` (no such verb), `die` (throws) and `hang` (never answers).
 * `part`: lines that one answer to `run` covers at most. Each `dma` makes the same look-up. The world is the fixture's as soon as there is a line.
 */
export function createFakeEngine({ part = Infinity }: { readonly part?: number } = {}): EngineApi {
  let lines: string[] = [];
  let epoch = 0;

  const run = (texts: readonly string[], first: number): LineResult[] =>
    texts.map((text, index) => resultOf(text, first + index));

  const misbehave = async (texts: readonly string[]): Promise<void> => {
    if (texts.some((text) => text.includes('die'))) throw new Error('the fake engine died');
    if (texts.some((text) => text.includes('hang'))) await new Promise(() => undefined);
  };

  const batchOf = (reset: boolean, results: readonly LineResult[]): RunReply => {
    const dmas = results.filter((result) => result.status === 'ok' && /^dma /.test(result.text));
    const batch: StepBatch = {
      epoch,
      reset,
      cursor: lines.length,
      results,
      set: lines.length > 0 ? fixtureObjects : [],
      removed: [],
      lookups: dmas.map((result) => ({
        ...(result.text.includes('0x3fffc0') ? faultingLookup : fixtureLookup),
        line: result.line,
      })),
      traffic: [],
      events: dmas.map(({ line }) => ({ line, count: 2, kinds: { dma: 1, cache: 1 }, events: [] })),
    };
    return { status: 'ok', batch };
  };

  return {
    async load(script, cursor) {
      await misbehave([script]);
      epoch++;
      const all = script === '' ? [] : script.split('\n');
      lines = all.slice(0, cursor ?? all.length);
      return batchOf(true, run(lines, 1));
    },
    async run({ script, cursor, known, watch, epoch: had }) {
      await misbehave([script]);
      const all = script === '' ? [] : script.split('\n');
      const from = watch?.from ?? Math.min(known, cursor ?? all.length);
      const results = run(all, 1).slice(from, Math.min(cursor ?? all.length, from + part));
      const why = (result: LineResult): string | null =>
        watch?.breakpoints.some(
          (each) =>
            (each.kind === 'line' && each.line === result.line) ||
            (each.kind === 'fault' && result.status === 'fault') ||
            (each.kind === 'refusal' && result.status === 'errno'),
        )
          ? `stop: ${result.status}`
          : null;
      const stop = results.find((result) => why(result) !== null);
      const end = stop?.line ?? from + results.length;
      lines = all.slice(0, end);
      const reset = had === 0 || had !== epoch;
      epoch++;
      const told = results.filter(({ line }) => line > known && line <= end);
      return {
        ...batchOf(reset, told),
        stoppedBy: stop === undefined ? null : { line: stop.line, why: why(stop) ?? '' },
      };
    },
    async append(texts) {
      await misbehave(texts);
      const all = run(texts, lines.length + 1);
      // A gesture ends at the first line that does not come out as expected.
      const stop = all.findIndex((result) => !result.ok);
      const results = stop < 0 ? all : all.slice(0, stop + 1);
      lines.push(...results.filter((result) => result.status !== 'error').map((result) => result.text));
      return batchOf(false, results);
    },
    moment: async (_script, cursor) => (cursor > 0 ? fixtureObjects : []),
    memoryAt: async (_script, cursor, pa, bytes) =>
      Uint8Array.from({ length: bytes }, (_, i) => (cursor + pa + i) & 0xff),
    events: async () => [],
    partition: async () => ({ groups: [], ungrouped: [], problem: null }),
    passthrough: async () => null,
    targets: async (deviceId) => [
      {
        targetId: 'ioas:1.2',
        action: 'replace',
        ok: true,
        lines: [`REPLACE dev ioas # ${deviceId}`],
        errno: null,
        why: null,
        rule: null,
        culprit: null,
      },
      {
        targetId: 'hwpt:1.3',
        action: 'replace',
        ok: false,
        lines: ['driver 01:00.1 snd_hda_intel'],
        errno: 'EINVAL',
        why: 'this HWPT belongs to another context',
        rule: 'iommufd_device_attach',
        culprit: gpu.id,
      },
    ],
    tryLines: async (texts) => run(texts, lines.length + 1),
    hardware: async () => null,
    physical: async () => null,
    tablesAt: async () => [],
    entryAt: async () => null,
    peekEntry: async () => null,
    readMemory: async (pa, bytes) => Uint8Array.from({ length: bytes }, (_, i) => (pa + i) & 0xff),
    describeIoctls: async () => [],
    sysfs: async () => ({ kind: 'dir', entries: { sys: { kind: 'dir', entries: {} } } }),
    lockOrder: async () => ({ edges: [], reports: [] }),
    defects: async () => [],
    importText: async (text) =>
      text.includes('PCI bridge')
        ? {
            ...NO_FINDINGS,
            status: 'ok',
            lines: ['machine pasted', 'pci 00:01.0 root-port'],
            functions: 1,
            warnings: ['line 3: cut off'],
          }
        : { status: 'failed', why: 'There is no PCI function in this text.' },
    decodeLines: async () => ({ decoded: [], unknown: [], more: 0 }),
  };
}

function resultOf(text: string, line: number): LineResult {
  const base: LineResult = {
    line,
    text,
    status: 'ok',
    result: 'done',
    errno: null,
    why: null,
    rule: null,
    culprit: null,
    expected: null,
    ok: true,
    column: null,
  };
  if (/^\s*(#.*)?$/.test(text)) return { ...base, status: 'none', result: '' };
  if (text.startsWith('nonsense'))
    return { ...base, status: 'error', result: '', why: 'there is no verb "nonsense"', ok: false, column: 1 };
  if (/^dma .* 0xdead/.test(text)) {
    const expected = text.includes('! FAULT') ? 'FAULT' : null;
    return {
      ...base,
      status: 'fault',
      result: '',
      why: 'nothing is mapped',
      expected,
      ok: expected !== null,
    };
  }
  if (!text.startsWith('driver 01:00.1')) return base;
  return {
    ...base,
    status: 'errno',
    result: '',
    errno: 'EBUSY',
    why: 'group 7 is owned by an iommufd context',
    rule: 'iommu_device_use_default_domain',
    culprit: 'ctx:1',
    expected: text.includes('! EBUSY') ? 'EBUSY' : null,
    ok: text.includes('! EBUSY'),
  };
}
