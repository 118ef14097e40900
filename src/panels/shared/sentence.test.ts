import { expect, it } from 'vitest';
import { sentence } from './sentence';

it('makes a sentence of a reason, and leaves names as they are', () => {
  expect(sentence('the group is owned')).toBe('The group is owned.');
  expect(sentence('vfio-pci cannot let go')).toBe('vfio-pci cannot let go.');
  expect(sentence(null)).toBe('No reason was given.');
});
