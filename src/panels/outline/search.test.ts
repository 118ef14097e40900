import { describe, expect, it } from 'vitest';
import { MACHINE, worldOf } from '../../testing/groups-bench';
import { matching } from './search';

const objects = worldOf(MACHINE);
const found = (typed: string): readonly string[] => matching(objects, typed).map(({ id }) => id);

describe('search in the outline', () => {
  it('finds a device by a part of its name, whatever the case', () => {
    expect(found('gtx')).toEqual(['dev:0000:01:00.0']);
  });
  it('wants every word, in any order', () => {
    expect(found('audio nvidia')).toEqual(['dev:0000:01:00.1']);
    expect(found('audio nouveau')).toEqual([]);
  });
  it('finds by address, ids and driver', () => {
    expect(found('01:00.1')).toEqual(['dev:0000:01:00.1']);
    expect(found('10de:1b80')).toEqual(['dev:0000:01:00.0']);
    expect(found('igc')).toEqual(['dev:0000:02:00.0']);
  });
  it('shows first what begins like that', () => {
    expect(found('02')[0]).toBe('dev:0000:02:00.0');
  });
});
