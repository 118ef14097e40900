import { describe, expect, it } from 'vitest';
import { FailNth } from './fail';

// Linux: lib/fault-inject.c should_fail_ex(): the counter goes down at each point, and the one at which it reaches zero fails.
describe('fail-nth', () => {
  it('lets the n-th point fail, once, and then reads 0', () => {
    const fail = new FailNth(3);
    const came = ['a', 'b', 'c', 'd'].map((point) => [fail.hit(point), fail.counter]);
    expect(came).toEqual([
      [false, 2],
      [false, 1],
      [true, 0],
      [false, 0],
    ]);
    expect([fail.fired, fail.points]).toEqual(['c', 3]);
  });

  it('that was not reached says how far it came', () => {
    const fail = new FailNth(5);
    fail.hit('a');
    expect([fail.fired, fail.points, fail.counter]).toEqual([null, 1, 4]);
  });

  it('fails nothing unless armed, and forgets when it is armed anew', () => {
    const fail = new FailNth();
    expect(fail.hit('a')).toBe(false);
    fail.arm(1);
    expect([fail.hit('b'), fail.fired]).toEqual([true, 'b']);
    fail.arm(0);
    expect([fail.hit('c'), fail.fired]).toEqual([false, null]);
  });
});
