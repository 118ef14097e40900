import { expect, it } from 'vitest';
import { MACHINE, worldOf } from '../../testing/groups-bench';
import { subjectOf } from './groups-ui';

const objects = worldOf(MACHINE);
const subject = (id: string | null): string | undefined => subjectOf(objects, id)?.bdf;

it('is about the selected device, or of a group the first that is no bridge', () => {
  expect(subject('dev:0000:00:01.0')).toBe('0000:00:01.0');
  const shared = Object.values(objects).find(
    (object) => object.type === 'group' && object.deviceIds.includes('dev:0000:01:00.1'),
  );
  expect(subject(shared?.id ?? null)).toBe('0000:01:00.0');
});
it('is about nothing where something else is selected, or nothing', () => {
  expect(subject('iommu:dmar0')).toBeUndefined();
  expect(subject(null)).toBeUndefined();
});
