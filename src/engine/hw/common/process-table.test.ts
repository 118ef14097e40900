import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { armLpae } from '../../pt/fmt/arm-lpae';
import { riscv64Plain } from '../../pt/fmt/riscv';
import { x86_64 } from '../../pt/fmt/x86-64';
import type { PtFormat } from '../../pt/format';
import { walkArm, walkRiscv, walkX86, type DocumentWalk } from '../../pt/testing/document-walk';
import { ProcessTable } from './process-table';

const arm = armLpae({ stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 });
const FORMATS: readonly [string, PtFormat, DocumentWalk][] = [
  ['x86_64', x86_64, walkX86],
  ['riscv64', riscv64Plain, walkRiscv],
  ['arm', arm, walkArm(1, 12, 48)],
];
const PAGE = 4096;

function make(format: PtFormat = x86_64) {
  const memory = new PhysicalMemory();
  const mm = new ProcessMemory('qemu', memory);
  const map = (bytes: number, pageSizeLg2: 12 | 21 | 30 = 12, writable = true) => {
    const made = mm.mmap(bytes, pageSizeLg2, writable);
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  const bind = (): ProcessTable => {
    const made = ProcessTable.of(memory, mm, format);
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  return { memory, mm, map, bind };
}

/** Expected: what the process itself reaches at an address; walks as the documents of the formats describe them. */
describe.each(FORMATS)('the page table of a process, %s', (_, format, walk) => {
  it('has what was mapped before and what is mapped later, with the sizes and permissions of the process', () => {
    const { memory, mm, map, bind } = make(format);
    const before = [map(3 * PAGE), map(2 ** 21, 21), map(PAGE, 12, false)];
    const table = bind();
    const after = [map(5 * PAGE), map(2 ** 22, 21, false)];
    const root = BigInt(table.rootPfn) * 4096n;
    for (const { userVa, bytes, writable, pageSizeLg2 } of [...before, ...after]) {
      for (let offset = 0; offset < bytes; offset += PAGE) {
        const va = userVa + BigInt(offset + 7);
        const found = walk(memory, root, table.topLevel, va);
        expect([Number(found?.pa), found?.sizeLg2]).toEqual([mm.physical(va), pageSizeLg2]);
        expect(found).toMatchObject({ read: true, write: writable, exec: false, user: true });
      }
      expect(walk(memory, root, table.topLevel, userVa + BigInt(bytes) - 1n)).not.toBe(null);
    }
  });

  it('loses what is unmapped, and tells before the frames can be anyone else’s', () => {
    const { memory, mm, map, bind } = make(format);
    const [first, second] = [map(4 * PAGE), map(2 ** 21, 21)];
    const table = bind();
    const told: [bigint, number, boolean][] = [];
    table.observe({
      invalidate(userVa, bytes) {
        const frames = memory.allocatedFrames;
        const other = new ProcessMemory('other', memory);
        const reused = other.mmap(bytes);
        told.push([userVa, bytes, reused.ok && mm.physical(userVa) === reused.value.pa]);
        other.exit();
        expect(memory.allocatedFrames).toBe(frames);
      },
      released: () => expect.unreachable('the process lives'),
    });
    expect(mm.munmap(first.userVa, first.bytes).ok).toBe(true);
    expect(mm.munmap(second.userVa, second.bytes).ok).toBe(true);
    expect(told).toEqual([
      [first.userVa, first.bytes, false],
      [second.userVa, second.bytes, false],
    ]);
    const root = BigInt(table.rootPfn) * 4096n;
    expect(walk(memory, root, table.topLevel, first.userVa)).toBe(null);
    expect(walk(memory, root, table.topLevel, second.userVa)).toBe(null);
  });
});

describe('who holds a process table', () => {
  it('one for a process and a format, until the last reference', () => {
    const { memory, map, bind } = make();
    map(PAGE);
    const frames = memory.allocatedFrames;
    const table = bind();
    const other = ProcessTable.of(memory, new ProcessMemory('other', memory), x86_64);
    expect(bind()).toBe(table);
    expect(other.ok && other.value !== table).toBe(true);
    expect(other.ok && other.value.release()).toBe(undefined);
    // Root and three levels below it.
    expect(memory.allocatedFrames).toBe(frames + 4);
    table.release();
    expect(memory.allocatedFrames).toBe(frames + 4);
    table.release();
    expect(memory.allocatedFrames).toBe(frames);
    map(PAGE);
    expect(memory.allocatedFrames).toBe(frames + 1);
    expect(bind()).not.toBe(table);
  });

  it('at the end of the process observers hear of it while all is there, then the table is empty', () => {
    const { memory, mm, map, bind } = make();
    const { userVa } = map(PAGE);
    const table = bind();
    const found = () => walkX86(memory, BigInt(table.rootPfn) * 4096n, table.topLevel, userVa);
    const heard: string[] = [];
    table.observe({
      invalidate: () => heard.push('invalidate'),
      released: () => heard.push(`released ${found() !== null}`),
    });
    mm.alive = false;
    mm.exit();
    expect(heard).toEqual(['released true', 'invalidate']);
    expect(found()).toBe(null);
    table.release();
    expect(memory.allocatedFrames).toBe(0);
    expect(ProcessTable.of(memory, mm, x86_64)).toMatchObject({ errno: 'ENODEV' });
  });

  it('may be given back by the one who hears that the process ends', () => {
    const { memory, mm, map, bind } = make();
    map(PAGE);
    map(PAGE);
    const table = bind();
    table.observe({ invalidate: () => expect.unreachable('released'), released: () => table.release() });
    mm.exit();
    expect(memory.allocatedFrames).toBe(0);
  });

  it('an observer that left hears nothing', () => {
    const { mm, map, bind } = make();
    const { userVa, bytes } = map(PAGE);
    const table = bind();
    const leave = table.observe({
      invalidate: () => expect.unreachable(),
      released: () => expect.unreachable(),
    });
    leave();
    expect(mm.munmap(userVa, bytes).ok).toBe(true);
  });

  it('a large page over what tables of small ones were left is told too', () => {
    const { memory, mm, map, bind } = make();
    const { userVa } = map(2 ** 21);
    const table = bind();
    const told: [bigint, number][] = [];
    table.observe({ invalidate: (va, bytes) => told.push([va, bytes]), released: () => undefined });
    mm.munmap(userVa, 2 ** 21);
    expect(told).toEqual([[userVa, 2 ** 21]]);
    // The tables of the small pages stayed, for the range covered none of them whole; the large page takes the place of one.
    const large = map(2 ** 21, 21);
    expect(large.userVa).toBe(userVa & ~0x1f_ffffn);
    expect(told.slice(1)).toEqual([[large.userVa, 2 ** 21]]);
    // And given back, as all the others are in the end.
    mm.exit();
    table.release();
    expect(memory.allocatedFrames).toBe(0);
  });

  it('the kernel’s allocations that are made to fail are not those of the process', () => {
    const { memory, map, bind } = make();
    memory.failNth(1);
    const table = bind();
    map(PAGE);
    expect(table.rootPfn).toBeGreaterThan(0);
    expect(memory.allocateFrames(1)).toMatchObject({ errno: 'ENOMEM' });
  });

  it('a format that cannot hold the pages of a process is refused, and nothing stays', () => {
    const { memory, mm, map } = make();
    map(PAGE);
    const frames = memory.allocatedFrames;
    const narrow = armLpae({ stage: 1, granuleLg2: 12, iasLg2: 39, oasLg2: 48 });
    const coarse = armLpae({ stage: 1, granuleLg2: 16, iasLg2: 48, oasLg2: 48 });
    expect(ProcessTable.of(memory, mm, narrow)).toMatchObject({ errno: 'ERANGE' });
    expect(ProcessTable.of(memory, mm, coarse)).toMatchObject({ errno: 'ENXIO' });
    expect(memory.allocatedFrames).toBe(frames);
  });
});
