import { expect, it } from 'vitest';
import type { WalkStep } from '../../engine/sim/batch';
import { fixtureLookup } from '../../testing/fixture-world';
import { endsOfChain, permissionChain } from './permissions';

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

it('says which level takes a permission away, as the document counts', () => {
  const entry = (level: number, allows: string): WalkStep => ({
    ...fixtureLookup.parts[0]!.steps[4]!,
    structure: 'table',
    kind: 'read',
    stage: null,
    level,
    allows,
    permissions: 'RWXU',
  });
  const steps = [entry(3, 'RWXU'), entry(2, 'RXU'), entry(1, 'RX')];
  expect(endsOfChain(steps, 3, 'vtd').map(({ index, name }) => [index, name])).toEqual([
    [1, 'W'],
    [2, 'U'],
  ]);
  expect(endsOfChain(steps, 3, 'vtd')[0]!.words).toContain('level 2');
  // Arm counts from the top: what holds only leaves is level 3.
  expect(endsOfChain(steps, 3, 'smmuv3')[1]!.words).toContain('level 3');
  // And only what the hardware has come to.
  expect(endsOfChain(steps, 1, 'vtd')).toEqual([]);
});
