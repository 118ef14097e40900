import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../../port';
import { cachedLevel, inspectVtd, summarizeVtd, walkedRoot } from './inspect';
import {
  FIRST,
  IOVA,
  nested,
  PAGE,
  passThrough,
  ScalableFixture,
  SECOND,
  secondStage,
  STATUS,
} from './scalable-fixture.conformance';

const DID = 0xbeefn << 16n;

const entries = (f: ScalableFixture, id: string) =>
  inspectVtd(f.device).caches.find((cache) => cache.id === id)?.entries ?? [];
const stale = (f: ScalableFixture, id: string): boolean[] => entries(f, id).map((entry) => entry.stale);

/** A device whose requests without a PASID go through the second stage, those with PASID 1 through the first. */
function both(): { f: ScalableFixture; first: number[]; second: number[] } {
  const f = new ScalableFixture().attach(secondStage(), { flags: 8n });
  f.put(f.pasidEntry + 64, (1n << 6n) | 1n, 0xcafen | (1n << 23n), BigInt(FIRST), 0n, 0n, 0n, 0n, 0n);
  const second = f.second(4, 1, IOVA, PAGE);
  const first = f.first(4, 2, IOVA, 0x20_0000n);
  f.outcome(IOVA);
  f.outcome(IOVA, false, 1);
  return { f, first, second };
}

describe('what is cached', () => {
  it('tells each entry by its tags and what it gives', () => {
    const { f } = both();
    const brief = (id: string): string[] =>
      entries(f, id).map(
        (entry) => `${entry.tags.map(({ name, value }) => `${name} ${value}`).join(' ')}: ${entry.gives}`,
      );
    expect(brief('context')).toEqual(['SID 0000:01:00.0: PASID directory at 0x120000, RID_PASID 0x0']);
    expect(brief('pasid').sort()).toEqual([
      'SID 0000:01:00.0 PASID 0x0 DID 48879: second-stage table at 0x180000, 4 levels',
      'SID 0000:01:00.0 PASID 0x1 DID 51966: first-stage table at 0x190000, 4 levels',
    ]);
    expect(brief('iotlb').sort()).toEqual([
      'DID 48879 Address 0x123456789000: PA 0x56789a000, 4 KiB, read and write',
      'DID 51966 PASID 0x1 Address 0x123456600000: PA 0x200000, 2 MiB, read and write and execute; privileged read and write and execute',
    ]);
    expect(brief('paging-structure')).toContain(
      'DID 48879 Address 0x123456600000: second-stage table of level 1 at 0x183000',
    );
    expect(brief('paging-structure')).toContain(
      'DID 51966 PASID 0x1 Address 0x123440000000: first-stage table of level 2 at 0x192000',
    );
    expect(summarizeVtd(f.device).caches.map(({ id, used }) => [id, used])).toEqual([
      ['context', 1],
      ['pasid', 2],
      ['iotlb', 2],
      ['paging-structure', 5],
      ['interrupt', 0],
    ]);
    expect(summarizeVtd(f.device).caches.every((cache) => cache.stale === 0)).toBe(true);
  });

  it('is stale as soon as memory says something else, each cache for itself', () => {
    const { f, first, second } = both();
    const change = (pa: number, bits: bigint): void => f.put(pa, f.word(pa) ^ bits);
    const all = (): string[] =>
      ['context', 'pasid', 'iotlb', 'paging-structure'].filter((id) => stale(f, id).includes(true));
    expect(all()).toEqual([]);
    // A leaf; a table; a bit that matters to nobody.
    change(second[3] ?? 0, 0x1000n);
    expect(all()).toEqual(['iotlb']);
    change(second[3] ?? 0, 0x1000n);
    change(first[1] ?? 0, 0x1000n);
    expect(all()).toEqual(['iotlb', 'paging-structure']);
    change(first[1] ?? 0, 0x1000n);
    change(first[1] ?? 0, 1n << 11n);
    expect(all()).toEqual([]);
    change(f.pasidEntry + 64, 2n);
    expect(all()).toEqual(['pasid']);
    change(f.pasidEntry + 64, 2n);
    change(f.pasidEntry + 72, 1n);
    expect(all()).toEqual(['pasid', 'iotlb', 'paging-structure']);
    change(f.pasidEntry + 72, 1n);
    change(f.contextEntry, 4n);
    expect(all()).toEqual(['context']);
    change(f.contextEntry, 5n);
    expect(all()).toEqual(['context', 'pasid', 'iotlb', 'paging-structure']);
  });

  it('of a nested translation: either stage makes it stale', () => {
    const f = new ScalableFixture().attach(nested());
    const tables = [0, 1, 2, 3].map((n) => BigInt(FIRST + n * 4096));
    const leaves = tables.map((gpa) => f.second(4, 1, gpa, gpa)[3] ?? 0);
    const page = f.second(4, 1, 0x5000n, PAGE)[3] ?? 0;
    const first = f.first(4, 1, 0xabcn, 0x5000n);
    expect(f.outcome(0xabcn)).toBe(PAGE | 0xabcn);
    const count = (): number => stale(f, 'iotlb').filter(Boolean).length;
    expect(count()).toBe(0);
    for (const pa of [page, first[3] ?? 0, first[0] ?? 0, leaves[2] ?? 0]) {
      f.put(pa, f.word(pa) ^ 0x8000n);
      expect(count()).toBeGreaterThan(0);
      f.put(pa, f.word(pa) ^ 0x8000n);
      expect(count()).toBe(0);
    }
  });

  it('looking changes nothing: no accessed bit, no event, no record', () => {
    const f = new ScalableFixture().attach(
      [secondStage()[0] | (1n << 9n), secondStage()[1] | (1n << 23n)],
      {},
    );
    const second = f.second(4, 1, IOVA, PAGE);
    f.outcome(IOVA);
    f.trace.take();
    for (const pa of second) f.put(pa, f.word(pa) & ~0x300n);
    const before = f.device.state.memory.words.slice();
    const result = f.device.result.slice();
    inspectVtd(f.device);
    summarizeVtd(f.device);
    expect(f.device.state.memory.words.every((word, n) => word === before[n])).toBe(true);
    expect(f.device.result).toEqual(result);
    expect(f.trace.take()).toEqual([]);
    expect(f.records()).toEqual([]);
  });

  it('an interrupt entry', () => {
    const f = new ScalableFixture();
    f.device.registers.write64(0xb8, BigInt(STATUS) | 3n);
    f.device.registers.write32(0x18, 1 << 24);
    f.device.registers.write32(0x18, 1 << 25);
    f.put(STATUS + 5 * 16, 0x42_0001n, 0n);
    f.device.interrupt(0x0100, 0xfee0_0010 | (5 << 5), new Uint8Array(4));
    expect(entries(f, 'interrupt')).toMatchObject([
      { tags: [{ name: 'Index', value: '5' }], gives: 'vector 66', stale: false },
    ]);
    f.put(STATUS + 5 * 16, 0x43_0001n);
    expect(stale(f, 'interrupt')).toEqual([true]);
  });
});

describe('for the canvas', () => {
  it('the table that a request is walked by', () => {
    const { f } = both();
    expect(walkedRoot(f.device, 0x0100, NO_PASID)).toBe(SECOND);
    expect(walkedRoot(f.device, 0x0100, 1)).toBe(FIRST);
    expect(walkedRoot(f.device, 0x0100, 2)).toBeNull();
    expect(walkedRoot(f.device, 0x0101, NO_PASID)).toBeNull();
    const through = new ScalableFixture().attach(passThrough());
    through.outcome(IOVA);
    expect(walkedRoot(through.device, 0x0100, NO_PASID)).toBeNull();
  });

  it('the level of a cached leaf', () => {
    const { f } = both();
    expect(cachedLevel(f.device, 0xbeef, IOVA)).toBe(1);
    expect(cachedLevel(f.device, 0xcafe, IOVA, 1)).toBe(2);
    expect(cachedLevel(f.device, 0xcafe, IOVA, 2)).toBeNull();
    expect(cachedLevel(f.device, 0xbeef, IOVA + 0x1000n)).toBeNull();
  });

  it('queues: what is done stays to be seen, what is not is pending', () => {
    const f = new ScalableFixture().attach(secondStage()).queue();
    f.submit([0x12n], [0x17n | DID], [0n], [0x12n]);
    const [queue] = inspectVtd(f.device).queues;
    expect(queue).toMatchObject({
      kind: 'commands',
      entryBytes: 32,
      size: 128,
      head: 2,
      tail: 4,
      enabled: true,
    });
    expect(queue?.stopped).toMatch(/invalid type/);
    expect(queue?.entries.filter((entry) => entry.pending).map((entry) => entry.index)).toEqual([2, 3]);
    expect(queue?.entries.find((entry) => entry.index === 1)?.name).toBe('PASID-cache Invalidation');
    expect(summarizeVtd(f.device)).toMatchObject({ enabled: true, addressBits: 48, commands: 2 });
  });
});
