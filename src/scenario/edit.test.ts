import { describe, expect, it } from 'vitest';
import { appendLines, freshName, placeLine, withExpectation, withPlace } from './edit';

describe('small changes to a script', () => {
  it('appends lines and ends with a newline', () => {
    expect(appendLines('', ['boot'])).toBe('boot\n');
    expect(appendLines('boot', ['close ctx'])).toBe('boot\nclose ctx\n');
    expect(appendLines('boot\n', ['close ctx', 'boot'])).toBe('boot\nclose ctx\nboot\n');
    expect(appendLines('boot', [])).toBe('boot');
  });

  it('writes places in whole pixels', () => {
    expect(placeLine('hwpt', 420.4, -0.2)).toBe('place hwpt 420 0');
  });

  it('records a place once: the last place line of a thing changes', () => {
    const script = 'boot\nplace a 1 2 # mine\nplace b 3 4\nboot';
    expect(withPlace(script, 'a', 10, 20)).toBe('boot\nplace a 10 20  # mine\nplace b 3 4\nboot');
    expect(withPlace(script, 'c', 5, 6)).toBe(`${script}\nplace c 5 6\n`);
    expect(withPlace('place a 1 1\nplace a 2 2\n', 'a', 3, 3)).toBe('place a 1 1\nplace a 3 3\n');
  });

  it('knows a PCI address in both spellings', () => {
    expect(withPlace('place 01:00.0 1 2\n', '0000:01:00.0', 3, 4)).toBe('place 0000:01:00.0 3 4\n');
  });

  it('does not take a note about a place for one', () => {
    expect(withPlace('note "place a 1 2"\n', 'a', 3, 4)).toBe('note "place a 1 2"\nplace a 3 4\n');
  });

  it('sets, changes and drops an expectation and leaves the rest', () => {
    expect(withExpectation('DETACH  dev', 'EBUSY')).toBe('DETACH  dev ! EBUSY');
    expect(withExpectation('DETACH dev  # why', 'EBUSY')).toBe('DETACH dev ! EBUSY  # why');
    expect(withExpectation('DETACH dev ! EINVAL # why', 'EBUSY')).toBe('DETACH dev ! EBUSY  # why');
    expect(withExpectation('DETACH dev ! EINVAL', null)).toBe('DETACH dev');
    expect(withExpectation('# a comment', 'EBUSY')).toBe('# a comment');
    expect(withExpectation('driver 01:00.0 a!b', 'EBUSY')).toBe('driver 01:00.0 a!b ! EBUSY');
  });

  it('finds a name that is free', () => {
    expect(freshName('', 'ioas')).toBe('ioas');
    expect(freshName('ioas = IOAS_ALLOC ctx\nioas2 = IOAS_ALLOC ctx\n', 'ioas')).toBe('ioas3');
    expect(freshName('', '01:00.0')).toBe('x');
  });
});
