import { expect, it } from 'vitest';
import { looksLikeScenario, previewOf, readFile } from './offer';

it('knows a scenario by its name or its first action', () => {
  expect(looksLikeScenario('x.iommu', '')).toBe(true);
  expect(looksLikeScenario('a.txt', '# about\n\nmachine q35 iommu=vtd\n')).toBe(true);
  expect(looksLikeScenario('a.txt', '00:00.0 Host bridge: Intel')).toBe(false);
});

it('refuses a binary file and says where it shows', async () => {
  const file = new File([Uint8Array.of(0x7f, 0x45, 0, 1)], 'a.out');
  expect(await readFile(file)).toEqual({
    ok: false,
    why: 'a.out is not text: byte 2 is zero. Unpack it first if it is compressed.',
  });
});

it('reads text', async () => {
  expect(await readFile(new File(['00:00.0'], 'l.txt'))).toEqual({
    ok: true,
    name: 'l.txt',
    text: '00:00.0',
  });
});

it('a preview is short however long the text and its lines are', () => {
  const { head, size } = previewOf('x'.repeat(50_000_000));
  expect(head.length).toBe(160);
  expect(size).toBe('47.7 MiB of text');
});
