import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IoptPages, type PageSpan } from './pages';
import { MockMemory } from './testing/mock-memory';

// Model: a page is pinned once while at least one holder has it. Linux: pages.c struct iopt_pages
const PAGES = 24;

describe('pages objects', () => {
  it('pin each page once, exactly while somebody holds it, whatever order holds and drops come in', () => {
    const spans = fc
      .tuple(fc.nat(PAGES - 1), fc.nat(PAGES - 1))
      .map(([a, b]): PageSpan => ({ first: Math.min(a, b), last: Math.max(a, b) }));
    fc.assert(
      fc.property(fc.array(fc.tuple(spans, fc.nat(9)), { maxLength: 30 }), (steps) => {
        const memory = new MockMemory('p');
        memory.map(0n, PAGES, (index) => 100 + index + (index > 10 ? 5 : 0));
        const made = IoptPages.ofUser(memory, 0n, BigInt(PAGES * 4096), true);
        if (!made.ok) throw new Error(made.why);
        const pages = made.value;
        const held: PageSpan[] = [];
        for (const [span, choice] of steps) {
          const dropped = choice < 4 ? held.splice(choice % Math.max(1, held.length), 1)[0] : undefined;
          if (dropped) {
            pages.drop(dropped);
          } else {
            const own = { ...span };
            const frames = pages.pin(own);
            const list = frames.ok
              ? frames.value.flatMap((run) => Array.from({ length: run.count }, (_, at) => run.pfn + at))
              : [];
            const expected = Array.from(
              { length: span.last - span.first + 1 },
              (_, at) => memory.pages.get(BigInt(span.first + at))!.pfn,
            );
            expect(list).toEqual(expected);
            if (choice === 9)
              pages.release(own); // an attempt that came to nothing
            else {
              pages.hold(own);
              held.push(own);
            }
          }
          const wanted = new Set(
            held.flatMap((each) =>
              Array.from(
                { length: each.last - each.first + 1 },
                (_, at) => memory.pages.get(BigInt(each.first + at))!.pfn,
              ),
            ),
          );
          expect(new Set(memory.pins.keys())).toEqual(wanted);
          expect([...memory.pins.values()].every((count) => count === 1)).toBe(true);
          expect(pages.pinnedPages).toBe(wanted.size);
        }
      }),
    );
  });
});
