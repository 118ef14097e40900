import { expect, it } from 'vitest';
import type { WalkStep } from '../../engine/sim/batch';
import { faultingLookup, fixtureLookup } from '../../testing/fixture-world';
import { occupancyText, permissionChain, summaryOf } from './summary';

it('says what a look-up cost', () => {
  expect(summaryOf(fixtureLookup.parts[0]!)).toBe('2 structure reads · 4 table reads');
  expect(summaryOf(faultingLookup.parts[0]!)).toBe('IOTLB hit');
});

it('permissions are ANDed on the way down, and the entry that clears one is marked', () => {
  const entry = (allows: string): WalkStep => ({ ...fixtureLookup.parts[0]!.steps[4]!, allows });
  const chain = permissionChain([entry('RW'), entry('R'), entry('RW')]);
  expect(chain.map((step) => step.find((each) => each.name === 'W'))).toEqual([
    { name: 'W', allowed: true, clearedHere: false },
    { name: 'W', allowed: false, clearedHere: true },
    { name: 'W', allowed: false, clearedHere: false },
  ]);
});

it('a pointer that has no permissions takes none away', () => {
  // RISC-V privileged ISA, "Sv39": R, W and X are 0 in a pointer.
  const entry = (outcome: WalkStep['outcome'], allows: string): WalkStep => ({
    ...fixtureLookup.parts[0]!.steps[4]!,
    outcome,
    allows,
  });
  const [pointer, leaf] = permissionChain([entry('table', ''), entry('leaf', 'R')]);
  expect(pointer).toEqual([]);
  expect(leaf!.map(({ clearedHere }) => clearedHere)).toEqual([false, true]);
});

it('what the second stage allows of a table takes nothing from the page', () => {
  const entry = (stage: 1 | 2, forLevel: number | null, allows: string): WalkStep => ({
    ...fixtureLookup.parts[0]!.steps[4]!,
    stage,
    forLevel,
    allows,
  });
  const chain = permissionChain([entry(2, 1, 'R'), entry(1, null, 'RWX'), entry(2, 0, 'RW')]);
  const left = chain.map((step) => step.flatMap(({ name, allowed }) => (allowed ? [name] : [])).join(''));
  // And execution is the first stage's alone: the second one's entries do not speak of it.
  expect(left).toEqual(['R', 'RWX', 'RW']);
  expect(chain[2]!.some(({ clearedHere }) => clearedHere)).toBe(false);
});

it('counts the entries of a table', () => {
  expect(occupancyText(Uint8Array.of(0, 1, 2, 2, 3))).toBe('1 table, 2 leaves, 1 malformed, 1 empty');
});
