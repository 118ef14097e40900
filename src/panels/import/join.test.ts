import { describe, expect, it } from 'vitest';
import { gatherFiles, joinOffers } from './join';

const file = (name: string, text: string): File => new File([text], name);

describe('several texts of one machine', () => {
  it('are one below the other, each on lines of its own', () => {
    const { name, text, parts } = joinOffers([
      { name: 'a', text: '1\n2' },
      { name: 'b', text: '3\n' },
    ]);
    expect([name, text]).toEqual(['a + b', '1\n2\n3\n']);
    expect(parts).toEqual([
      { name: 'a', lines: 2 },
      { name: 'b', lines: 1 },
    ]);
  });

  it('a third is added to two', () => {
    const two = joinOffers([
      { name: 'a', text: '1' },
      { name: 'b', text: '2' },
    ]);
    expect(joinOffers([two, { name: 'c', text: '3' }]).parts?.map(({ name }) => name)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });
});

describe('files', () => {
  it('that come together are one text', async () => {
    const gathered = await gatherFiles([file('lspci.txt', '00:00.0'), file('dmesg.txt', 'DMAR:')]);
    expect(gathered).toMatchObject({
      ok: true,
      offer: { name: 'lspci.txt + dmesg.txt', text: '00:00.0\nDMAR:\n' },
    });
  });

  it('one alone stays as it is', async () => {
    expect(await gatherFiles([file('lspci.txt', '00:00.0')])).toEqual({
      ok: true,
      offer: { name: 'lspci.txt', text: '00:00.0' },
    });
  });

  it('one that cannot be read is told, and nothing is read in part', async () => {
    const gathered = await gatherFiles([file('lspci.txt', '00:00.0'), file('a.out', '\u007fELF\0')]);
    expect(gathered).toMatchObject({ ok: false, why: expect.stringContaining('a.out is not text') });
  });

  it('a scenario is no text of a machine', async () => {
    const gathered = await gatherFiles([file('lspci.txt', '00:00.0'), file('x.iommu', 'machine q35')]);
    expect(gathered).toMatchObject({ ok: false, why: expect.stringContaining('x.iommu is a scenario') });
  });
});
