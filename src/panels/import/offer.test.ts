import { expect, it } from 'vitest';
import { looksLikeScenario, headOf, readFile } from './offer';

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

it('takes a table of the firmware as the text that acpidump prints of it', async () => {
  // ACPI 6.5, 5.2.6: signature, length, revision, checksum …; VT-d 5.1, 8.1: 38 bits, interrupt remapping.
  const table = new Uint8Array(48);
  table.set([0x44, 0x4d, 0x41, 0x52, 48, 0, 0, 0, 1]);
  table[36] = 38;
  table[37] = 1;
  table[9] = 256 - (table.reduce((sum, byte) => sum + byte, 0) % 256);
  const read = await readFile(new File([table], 'DMAR'));
  expect(read.ok && read.text).toMatch(
    /^DMAR @ 0x0+\n {4}0000: 44 4D 41 52 30 00 00 00 01 [0-9A-F]{2} 00 00 00 00 00 00 {2}DMAR0\.+\n/,
  );
  table[40] = 1;
  expect((await readFile(new File([table], 'DMAR'))).ok).toBe(false);
});

it('reads text', async () => {
  expect(await readFile(new File(['00:00.0'], 'l.txt'))).toEqual({
    ok: true,
    name: 'l.txt',
    text: '00:00.0',
  });
});

it('a preview is short however long the text and its lines are', () => {
  expect(headOf('x'.repeat(50_000_000)).length).toBe(160);
});
