import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from './physical-memory';
import { ProcessMemory } from './process-memory';

const setup = () => {
  const memory = new PhysicalMemory();
  return { memory, mm: new ProcessMemory('qemu', memory) };
};
const K4 = 4096;
const M2 = 2 ** 21;
const G1 = 2 ** 30;

function map(mm: ProcessMemory, bytes: number, ...more: [(12 | 21 | 30)?, boolean?]) {
  const mapped = mm.mmap(bytes, ...more);
  if (!mapped.ok) throw new Error(mapped.why);
  return mapped.value;
}

describe('mmap', () => {
  it.each([
    [12 * K4, 12],
    [M2, 21],
    [3 * M2, 21],
    [M2 + K4, 12],
    [G1, 30],
    [G1 + M2, 21],
  ])('%d bytes get the largest page size that divides them: 2^%d', (bytes, sizeLg2) => {
    const { mm } = setup();
    const { pageSizeLg2, pa, userVa } = map(mm, bytes);
    expect(pageSizeLg2).toBe(sizeLg2);
    expect(pa % 2 ** sizeLg2).toBe(0);
    expect(userVa % BigInt(2 ** sizeLg2)).toBe(0n);
    expect(userVa >> 40n).toBe(0x7fn);
  });

  it('pages are physically contiguous within and never between', () => {
    const { mm } = setup();
    const { userVa } = map(mm, 3 * M2);
    const runs = mm.pin(userVa, (3 * M2) / K4, true);
    expect(runs.ok && runs.value.map((r) => r.count)).toEqual([512, 512, 512]);
    const small = map(mm, 4 * K4, 12);
    const pinned = mm.pin(small.userVa, 4, true);
    expect(pinned.ok && pinned.value.map((r) => r.count)).toEqual([1, 1, 1, 1]);
  });

  it('lengths are rounded up to the page size; zero is EINVAL, too much is ENOMEM', () => {
    const { mm, memory } = setup();
    expect(map(mm, 5, 21).bytes).toBe(M2);
    expect(mm.mmap(0)).toMatchObject({ errno: 'EINVAL' });
    const before = memory.allocatedFrames;
    expect(mm.mmap(128 * G1)).toMatchObject({ errno: 'ENOMEM' });
    expect(memory.allocatedFrames).toBe(before);
  });

  it('the same calls give the same addresses', () => {
    const addresses = () => {
      const { mm } = setup();
      const first = map(mm, M2);
      const second = map(mm, 8 * K4);
      mm.munmap(first.userVa, first.bytes);
      return [first, second, map(mm, G1), map(mm, M2)];
    };
    expect(addresses()).toEqual(addresses());
  });

  it('an unmapped hole is used again and neighbours are not overlapped', () => {
    const { mm } = setup();
    const first = map(mm, 4 * K4);
    const second = map(mm, 4 * K4);
    expect(second.userVa + BigInt(second.bytes)).toBe(first.userVa);
    mm.munmap(first.userVa, first.bytes);
    expect(map(mm, 2 * K4).userVa).toBe(first.userVa + BigInt(2 * K4));
  });
});

describe('pinning', () => {
  it('counts, and keeps unmapped memory until the last unpin', () => {
    const { mm, memory } = setup();
    const { userVa, bytes, pa } = map(mm, M2);
    memory.write(pa, new Uint8Array([42]));
    const a = mm.pin(userVa, 512, true);
    const b = mm.pin(userVa + 4096n, 2, false);
    if (!a.ok || !b.ok) throw new Error();
    expect(mm.pinnedPages).toBe(514);
    expect(mm.munmap(userVa, bytes).ok).toBe(true);
    mm.unpin(a.value);
    expect(memory.allocatedFrames).toBe(512);
    expect(memory.read(pa, 1)).toEqual(new Uint8Array([42]));
    mm.unpin(b.value);
    expect(mm.pinnedPages).toBe(0);
    expect(memory.allocatedFrames).toBe(0);
  });

  it('a hole or a read-only page is EFAULT, and nothing stays pinned', () => {
    const { mm } = setup();
    const top = map(mm, 2 * K4);
    const below = map(mm, 2 * K4, 12, false);
    expect(mm.pin(top.userVa, 3, true)).toMatchObject({ errno: 'EFAULT' });
    expect(mm.pin(below.userVa, 4, true)).toMatchObject({ errno: 'EFAULT' });
    expect(mm.pinnedPages).toBe(0);
    expect(mm.pin(below.userVa, 4, false).ok).toBe(true);
  });

  it('unpinning what is not pinned is our own mistake', () => {
    const { mm } = setup();
    const { pa } = map(mm, K4);
    expect(() => mm.unpin([{ pfn: pa / K4, count: 1 }])).toThrow(/not pinned/);
    expect(() => mm.unpin([{ pfn: 0x100, count: 1 }])).toThrow(/does not own/);
  });
});

it('reads and writes cross pages; outside is EFAULT', () => {
  const { mm } = setup();
  const { userVa, bytes } = map(mm, 3 * K4, 12);
  const data = Uint8Array.from({ length: 2 * K4 }, (_, n) => n % 251);
  expect(mm.write(userVa + 2000n, data).ok).toBe(true);
  const back = mm.read(userVa + 2000n, data.length);
  expect(back.ok && back.value).toEqual(data);
  expect(mm.read(userVa + BigInt(bytes) - 1n, 2)).toMatchObject({ errno: 'EFAULT' });
  expect(mm.physical(userVa - 1n)).toBeNull();
});
