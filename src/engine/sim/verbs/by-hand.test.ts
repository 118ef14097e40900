import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

/** What people do behind the kernel's back. */
const PLAY = [
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'dev = BIND ctx 00:02.0',
  'hwpt = ATTACH dev ioas',
  'buf = mmap qemu 64K pages=4K',
  'IOAS_MAP ioas buf iova=0x100000 rw',
  'dma 00:02.0 write 0x100040 64',
];

const on = (machine: string): ScriptRun => {
  const pci = 'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci';
  const run = ScriptRun.of([`machine t ${machine}`, pci, ...PLAY].join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};

describe('poke, peek and hazard find entries by what the hardware called them', () => {
  // Names: the structures of each document; a level 1 table holds only leaves.
  it.each([
    ['vtd', 'root, context, table/4, table/3, table/2, table/1, leaf'],
    ['vtd mode=scalable', 'root, context, pasid-dir, pasid, table/4, table/3, table/2, table/1, leaf'],
    ['amd', 'dte, table/3, table/2, table/1, leaf'],
    [
      'smmuv3 device-cache=off process-cache=off',
      'l1-std, ste, cd, table/4, table/3, table/2, table/1, leaf',
    ],
  ])('%s', (machine, names) => {
    const run = on(`iommu=${machine}`);
    expect(run.line('peek nothing').result).toContain(`it has read ${names}`);
  });

  it('the leaf maps the page, and the entry behind it the next page', () => {
    const run = on('iommu=vtd');
    // Bits 51:12 of a second-stage leaf are the page's address; 64 KiB of 4 KiB pages come from the top of memory down.
    expect(run.line('peek leaf contains "0x107ffff"').ok).toBe(true);
    expect(run.line('peek leaf+8 contains "0x107fffe"').ok).toBe(true);
    expect(run.line('peek table/1 contains "0x107ffff"').ok).toBe(true);
  });

  it('a hazard of an entry is of its page', () => {
    const run = on('iommu=vtd');
    run.line('hazard leaf read');
    expect(run.line('dma 00:02.0 write 0x10f000 64').result).toContain('0x7');
    run.line('hazard leaf none');
    expect(run.line('dma 00:02.0 write 0x10f000 64').status).toBe('ok');
  });

  it('before any DMA there is none', () => {
    const run = ScriptRun.of('machine t\npci 00:02.0 rciep id=8086:15f3 class=020000');
    expect(run.line('poke leaf "0x0"').result).toContain('no DMA has made it read any');
    expect(run.line('poke 0x10000000000000 "0x0"').result).toContain('52 bits');
    expect(run.line('hazard 0x2000-0x1000 read').result).toContain('ends before it starts');
    expect(run.line('poke leaf/ "0x0"').status).toBe('error');
  });
});

// Linux: drivers/iommu/iommufd/pages.c iommu_unmap_nofail() WARN_ON(ret != size)
it('the kernel warns of an entry that it does not find any more, and goes on', () => {
  const run = on('iommu=vtd');
  run.line('poke leaf "0x0"');
  expect(run.line('IOAS_UNMAP ioas all').status).toBe('ok');
  const { ok, result } = run.line(
    'expect-log "WARNING: iommu_unmap_nofail: of 0x100000-0x10ffff only 0x0 bytes"',
  );
  expect(result).toContain('WARNING');
  expect(ok).toBe(true);
  expect(run.line('close ctx').status).toBe('ok');
});

// Linux: mm/page_alloc.c bad_page()
it('a table pointer that leads to what is free: the kernel gives that back, and complains', () => {
  const run = on('iommu=amd');
  run.line('poke table/3+8 "0x60000000001ee401"');
  run.line('close ctx');
  expect(run.line('expect-log "BUG: Bad page state in process: pfn:001ee"').ok).toBe(true);
});

describe('whatever stands in tables, the simulator goes on', () => {
  const WORDS = ['0xffffffffffffffff', '0x600000000015a4003', '0x1ce405'];
  const CALLS = [
    'IOAS_UNMAP ioas all',
    'IOAS_MAP ioas buf iova=0x40000000 rw',
    'HWPT_GET_DIRTY_BITMAP hwpt iova=0 len=4M',
    'DETACH dev',
  ];
  const END = ['IOAS_UNMAP ioas all', 'DETACH dev', 'ATTACH dev ioas', 'close ctx', 'remove 00:02.0'];

  it.each(['vtd', 'vtd mode=scalable', 'amd', 'amd mode=v2', 'smmuv3'])(
    '%s',
    (machine) => {
      const fresh = (): ScriptRun => on(`iommu=${machine} device-cache=off process-cache=off`);
      const names = /it has read (.*)$/.exec(fresh().line('peek nothing').result)?.[1]?.split(', ') ?? [];
      expect(names).toContain('leaf');
      for (const [n, name] of names.entries())
        for (const [m, word] of WORDS.entries()) {
          const run = fresh();
          run.line(`poke ${name} "${word}"`);
          run.line('dma 00:02.0 write 0x101040 64');
          run.line(CALLS[(n + m) % CALLS.length]!);
          run.line('dma 00:02.0 read 0x40000000 64');
          expect(END.map((line) => run.line(line).status)).not.toContain('error');
        }
    },
    20_000,
  );
});
