import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Descriptors } from '../kernel/file-table';
import { neverFails } from '../kernel/fail';
import type { Caller } from '../kernel/caller';
import type { PageSpan } from './area';
import { Area } from './area';
import { TEMP_MEMORY_LIMIT, type IoptEnv } from './iopt-env';
import { userPages, type IoptPages } from './pages';
import { addAreaAccess, removeAreaAccess } from './pages-access';
import { updatePinned, updateUnpinned } from './pages-account';
import { PfnReader } from './pfn-reader';
import { MockMemory } from './testing/mock-memory';

// Model: a page is pinned once while at least one domain or access has it. Linux: pages.c struct iopt_pages
const PAGES = 24;

function setUp(limit: number): { memory: MockMemory; pages: IoptPages; caller: Caller } {
  const memory = new MockMemory('p');
  memory.map(0n, PAGES, (index) => 100 + index + (index > 10 ? 5 : 0));
  const caller: Caller = {
    mm: memory,
    bytes: memory,
    capable: () => false,
    process: { pid: 1, memlockLimit: () => 1n << 40n },
    user: { uid: 7, lockedVm: 0 },
    files: new Descriptors(),
  };
  const warn = (text: string): void => {
    throw new Error(text);
  };
  const env: IoptEnv = { fail: neverFails, frames: memory, tempMemoryLimit: limit, warn };
  const made = userPages(env, caller, 0n, BigInt(PAGES * 4096), true);
  if (!made.ok) throw new Error(made.why);
  return { memory, pages: made.value, caller };
}

const frameOf = (memory: MockMemory, index: number): number => memory.pages.get(BigInt(index))!.pfn;
const indexes = ({ start, last }: PageSpan): number[] =>
  Array.from({ length: last - start + 1 }, (_, at) => start + at);

/** Every frame of a span, as a domain would get them. */
function readAll(pages: IoptPages, span: PageSpan): { frames: number[]; reader: PfnReader } {
  const opened = PfnReader.open(pages, span);
  if (!opened.ok) throw new Error(opened.why);
  const frames: number[] = [];
  for (;;) {
    const batch = opened.value.next();
    if (!batch.ok) throw new Error(batch.why);
    if (!batch.value) return { frames, reader: opened.value };
    batch.value.eachFrame((pfn) => frames.push(pfn));
  }
}

describe('pages objects', () => {
  it('pin each page once, exactly while a domain or an access has it, whatever order things come in', () => {
    const spans = fc
      .tuple(fc.nat(PAGES - 1), fc.nat(PAGES - 1))
      .map(([a, b]): PageSpan => ({ start: Math.min(a, b), last: Math.max(a, b) }));
    const steps = fc.array(fc.tuple(spans, fc.nat(11)), { maxLength: 30 });
    fc.assert(
      fc.property(steps, fc.constantFrom(12, 16, 40, TEMP_MEMORY_LIMIT), (sequence, limit) => {
        const { memory, pages, caller } = setUp(limit);
        const held: Area[] = [];
        const accesses: { area: Area; span: PageSpan }[] = [];
        for (const [span, choice] of sequence) {
          const expected = indexes(span).map((index) => frameOf(memory, index));
          if (choice < 3 && held.length > 0) {
            const area = held.splice(choice % held.length, 1)[0]!;
            pages.areas.remove(area.span);
            pages.unpinUnheld(area.span.start, area.span.last);
            updateUnpinned(pages);
          } else if (choice < 5 && accesses.length > 0) {
            const { area, span: own } = accesses.splice(choice % accesses.length, 1)[0]!;
            removeAreaAccess(area, pages, own, false);
          } else if (choice < 8) {
            const area = new Area(0n, 4095n, 0n, { read: true, write: true });
            const frames = addAreaAccess(area, pages, span, false);
            expect(frames).toEqual({ ok: true, value: expected });
            accesses.push({ area, span });
          } else {
            const { frames, reader } = readAll(pages, span);
            expect(frames).toEqual(expected);
            if (choice === 11)
              reader.release(); // an attempt that came to nothing
            else {
              const bytes = BigInt(span.last - span.start + 1) * 4096n;
              const area = new Area(0n, bytes - 1n, BigInt(span.start) * 4096n, { read: true, write: true });
              expect(updatePinned(pages).ok).toBe(true);
              pages.areas.insert(area.span);
              held.push(area);
            }
          }
          const wanted = new Set(
            [...held.map((each) => each.span), ...accesses.map((each) => each.span)].flatMap(indexes),
          );
          expect(new Map(memory.pins)).toEqual(
            new Map([...wanted].map((index) => [frameOf(memory, index), 1])),
          );
          expect([pages.npinned, pages.lastNpinned]).toEqual([wanted.size, wanted.size]);
          expect([memory.pinnedVm, caller.user.lockedVm]).toEqual([wanted.size, wanted.size]);
          const inAccess = new Set(accesses.flatMap((each) => indexes(each.span)));
          const tiers = [...pages.tiers(0, PAGES - 1)].flatMap((each) => indexes(each).map(() => each.tier));
          expect(tiers).toEqual(
            indexes({ start: 0, last: PAGES - 1 }).map((index) =>
              inAccess.has(index) ? 'access' : wanted.has(index) ? 'domain' : 'nowhere',
            ),
          );
        }
      }),
    );
  });
});
