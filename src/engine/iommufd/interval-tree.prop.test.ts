import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalTree, type Spanned } from './interval-tree';

// Model: an array that is searched from its beginning. Linux: include/linux/interval_tree.h
type Item = Spanned<number>;

const items = fc
  .tuple(fc.nat(40), fc.nat(12))
  .map(([start, length]): Item => ({ start, last: start + length }));

const inOrder = (list: readonly Item[]): readonly Item[] =>
  [...list].sort((a, b) => a.start - b.start || a.last - b.last);

describe('interval trees', () => {
  it('hold what was inserted and not removed, in order, and find the first overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(items, fc.nat(3), fc.nat(99)), { maxLength: 80 }), (steps) => {
        const tree = new IntervalTree<number, Item>();
        const model: Item[] = [];
        for (const [item, what, choice] of steps) {
          if (what === 0 && model.length > 0) {
            const [gone] = model.splice(choice % model.length, 1);
            tree.remove(gone!);
          } else {
            tree.insert(item);
            model.push(item);
          }
          const sorted = inOrder(model);
          expect(tree.size).toBe(model.length);
          expect(new Set(tree.all)).toEqual(new Set(model));
          expect(tree.all.map((each) => [each.start, each.last])).toEqual(
            sorted.map((each) => [each.start, each.last]),
          );
          const meets = sorted.find((each) => each.start <= item.last && each.last >= item.start);
          expect(tree.first(item.start, item.last)).toEqual(meets);
          expect(tree.exact(item.start, item.last)).toEqual(
            sorted.find((each) => each.start === item.start && each.last === item.last),
          );
        }
      }),
    );
  });

  it('stay shallow: a look-up among 100,000 in ascending order compares a few dozen times', () => {
    let reads = 0;
    class Counted implements Item {
      constructor(
        readonly at: number,
        readonly last: number,
      ) {}
      get start(): number {
        reads++;
        return this.at;
      }
    }
    const tree = new IntervalTree<number, Counted>();
    for (let n = 0; n < 100_000; n++) tree.insert(new Counted(n * 2, n * 2));
    reads = 0;
    expect(tree.first(77_778, 77_778)?.last).toBe(77_778);
    expect(reads).toBeLessThan(40);
  });

  it('take an item out among many with the very same ends', () => {
    const tree = new IntervalTree<number, Item>();
    const twins = Array.from({ length: 5 }, (): Item => ({ start: 1, last: 2 }));
    for (const twin of twins) tree.insert(twin);
    for (const n of [3, 0, 1, 4]) tree.remove(twins[n]!);
    expect(tree.all).toEqual([twins[2]]);
    expect(tree.all[0]).toBe(twins[2]);
  });
});
