import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IoptWorld, type WorldOptions } from './testing/iopt-world';

// Model: a list of what was mapped where (testing/iopt-world.ts). Linux: drivers/iommu/iommufd/io_pagetable.c, pages.c

interface Step {
  readonly what: number;
  readonly ioas: number;
  readonly at: number;
  readonly grains: number;
  readonly other: number;
  readonly flag: boolean;
  /** At the start of an area instead of anywhere. */
  readonly aimed: boolean;
  /** Which place where the kernel may fail does. */
  readonly fail: number;
}

/** Mostly aligned to whole pages: else an access or a coarser domain could never join. */
const place = (max: number) =>
  fc.tuple(fc.nat(max / 2), fc.nat(5)).map(([page, odd]) => 2 * page + (odd === 0 ? 1 : 0));

const step = (fails: number): fc.Arbitrary<Step> =>
  fc.record({
    what: fc.nat(23),
    ioas: fc.nat(1),
    at: place(40),
    grains: place(12).map((grains) => Math.max(1, grains)),
    other: place(30),
    flag: fc.boolean(),
    aimed: fc.boolean(),
    fail: fails === 0 ? fc.constant(0) : fc.oneof(fc.nat(6), fc.nat(fails)),
  });

/** False: the answer of an access differs from the model. */
function take(world: IoptWorld, { what, ioas, at, grains, other, flag, aimed }: Step): boolean {
  const access = other % 2;
  const spot = aimed ? world.aim(ioas, at) : at;
  const seen = aimed ? world.aim(world.ioasOf(access), at) : at;
  if (what < 6) world.map(ioas, at, grains, other, flag);
  else if (what < 8) world.copy(ioas, flag ? ioas : 1 - ioas, spot, grains, other, at % 4 === 0);
  else if (what < 11) world.unmap(ioas, spot, grains + (flag ? 12 : 0));
  else if (what < 14) world.attach(other % 3, ioas);
  else if (what === 14) world.detach(other % 3);
  else if (what === 15) world.moveAccess(access, ioas);
  else if (what < 20) return world.pin(access, seen, grains > 8 ? 2 : grains, flag);
  else if (what === 20) world.unpin(other);
  else if (what < 23) return world.read(access, seen, grains > 8 ? 1 : grains, flag);
  else if (flag) world.detachAccess(access);
  return true;
}

const worlds = fc.record({
  memlockPages: fc.constantFrom(6, 14, 1000),
  tempMemoryLimit: fc.constantFrom(12, 16, 32, 65536),
  joined: fc.boolean(),
});

function run(options: WorldOptions, steps: readonly Step[]): void {
  const world = new IoptWorld(options);
  for (const each of steps) {
    world.arm(each.fail);
    const agrees = take(world, each);
    world.disarm();
    expect([agrees, ...world.wrong()]).toEqual([true]);
  }
  expect(world.close()).toEqual([]);
}

describe('an I/O page table', () => {
  it('has in every domain what was mapped, and nothing else; pins balance', { timeout: 60_000 }, () => {
    fc.assert(fc.property(worlds, fc.array(step(0), { minLength: 5, maxLength: 40 }), run), { numRuns: 400 });
  });

  it('so it has when any place where the kernel may fail does', { timeout: 60_000 }, () => {
    fc.assert(fc.property(worlds, fc.array(step(30), { minLength: 5, maxLength: 40 }), run), {
      numRuns: 300,
    });
  });
});
