import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../scenario/parse';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';

const of = (...lines: readonly string[]): ScriptRun => ScriptRun.of(lines.join('\n'));

const CARD = [
  'machine m iommu=vtd',
  'pci 00:1c.0 root-port id=8086:a110 bus=01-01 acs=SV+RR+CR+UF driver=pcieport',
  'pci 01:00.0 endpoint id=8086:15f3 class=020000 driver=vfio-pci',
  'boot',
];
const ATTACHED = [
  ...CARD,
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'dev = BIND ctx 01:00.0',
  'buf = mmap qemu 64K pages=4K',
  'IOAS_MAP ioas buf iova=0x100000 rw',
  'ATTACH dev ioas',
];
const NET = 'net = traffic 01:00.0 read 0x100000-0x10ffff 64';

describe('what makes no sense is said so, and where', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['burst 01:00.0 read 0x100000-0x10ffff 64 count=0', /1 to 100000 accesses/],
    ['burst 01:00.0 read 0x100000-0x10ffff 64 count=100001', /1 to 100000 accesses/],
    ['burst 01:00.0 read 0x100000-0x10ffff 64', /also needs count=/],
    ['burst 01:00.0 read 0x100000-0x10ffff 0 count=1', /1 to 4096 bytes/],
    ['burst 01:00.0 read 0x100000-0x10ffff 8192 count=1', /1 to 4096 bytes/],
    ['burst 01:00.0 read 0x100000-0x10001f 64 count=1', /no room for 64 bytes/],
    ['burst 01:00.0 read 0x10ffff-0x100000 64 count=1', /range|start/i],
    ['burst 01:00.0 fetch 0x100000-0x10ffff 64 count=1', /read or write/],
    ['burst 09:00.0 read 0x100000-0x10ffff 64 count=1', /there is no PCI function 09:00.0/],
    ['burst 01:00.0 read 0x100000-0x10ffff 64 count=1 pattern=spiral', /ring, random or scatter|pattern/],
    ['burst 01:00.0 read 0x100000-0x10ffff 64 count=1 seed=0x100000000', /32 bits/],
    ['burst 01:00.0 read 0x100000-0x10ffff 64 count=1 pasid=0x100000', /20 bits/],
    ['traffic 01:00.0 read 0x100000-0x10ffff 64', /name/],
    ['stop net', /nothing is named net/],
    ['stop ioas', /IOAS|object/i],
    ['t1 = begin burst 01:00.0 read 0x100000-0x10ffff 64 count=1', /cannot be begun/],
  ];
  it.each(cases)('%s', (line, words) => {
    const result = of(...ATTACHED).line(line);
    expect(result).toMatchObject({ status: 'error', ok: false });
    expect(result.why).toMatch(words);
  });

  it('a name that is in use, and traffic that is over', () => {
    const run = of(...ATTACHED, NET);
    expect(run.line(NET).why).toBe('net is under way already; stop it first');
    expect(run.line('stop net')).toMatchObject({ ok: true });
    expect(run.line('stop net').why).toBe('net is over already');
    expect(run.line('expect net absent').ok).toBe(true);
    expect(run.line(NET).ok).toBe(true);
  });

  it('a PASID where no IOMMU looks at it', () => {
    const run = of('machine m iommu=none', ...CARD.slice(1));
    expect(run.line(`${NET} pasid=1`).why).toMatch(/behind no IOMMU/);
  });
});

describe('whatever the device is', () => {
  it('without an IOMMU every address is what it says, and memory changes', () => {
    const run = of('machine m iommu=none', ...CARD.slice(1));
    const made = run.line('burst 01:00.0 write 0x200000-0x20003f 64 count=4');
    expect(made.result).toBe('4 accesses: 0 hits, 0 misses, 4 not translated, 0 blocked');
    expect([...(run.simulator.readMemory(0x200000, 4) ?? [])]).toEqual([0, 1, 2, 3]);
  });

  it('what it writes is in memory, where its translation leads', () => {
    const run = of(...ATTACHED);
    const [step] = [run.simulator.execute(simLineOf(parseLine('dma 01:00.0 read 0x101040 64', 20)))];
    const pa = step?.lookups[0]?.parts[0]?.pa ?? 0;
    expect(run.line('burst 01:00.0 write 0x100000-0x10ffff 64 count=1024').ok).toBe(true);
    expect([...(run.simulator.readMemory(pa, 2) ?? [])]).toEqual([0x40, 0x41]);
  });

  it('beyond the width of its addresses it is blocked', () => {
    const run = of(...ATTACHED);
    const all = 'burst 01:00.0 read 0x0-0xffffffffffffffff 64 count=64 pattern=random';
    expect(run.line(`${all} blocked=64`).ok).toBe(true);
    expect(run.line(`${all} ! FAULT`).ok).toBe(true);
    expect(run.line(all)).toMatchObject({ status: 'fault', ok: false });
  });

  it('unbound it is still there: its domain says no, or lets it through', () => {
    const run = of(...CARD);
    expect(run.line(NET).ok).toBe(true);
    expect(run.line('driver 01:00.0 none').ok).toBe(true);
    expect(run.line('burst 01:00.0 read 0x100000-0x10ffff 64 count=8 blocked=8').ok).toBe(true);
    expect(run.line('stop net').ok).toBe(true);
  });

  it('taken out of its slot, it is gone, and its traffic with it', () => {
    const run = of(...ATTACHED, NET);
    expect(run.line('close ctx').ok).toBe(true);
    const gone = run.line('remove 01:00.0');
    expect(gone.ok).toBe(true);
    expect(gone.result).toContain('traffic net ended: its device is gone');
    expect(run.simulator.world().has('traffic:net')).toBe(false);
    expect(run.line('mem = mmap qemu 4K').result).not.toContain('traffic');
    expect(run.line('stop net').why).toBe('net is over already');
  });

  it('two of them make their accesses one after the other', () => {
    const run = of(
      ...ATTACHED,
      NET,
      'two = traffic 01:00.0 write 0x100000-0x10ffff 256 pattern=scatter seed=7',
    );
    const { traffic } = run.simulator.execute(simLineOf(parseLine('DETACH dev', 13)));
    expect(traffic.map(({ trafficId }) => trafficId)).toEqual(['traffic:net', 'traffic:two']);
    expect(traffic[0]?.accesses).toBe(traffic[1]?.accesses);
  });

  it('a device with translations of its own hits them, until they are taken from it', () => {
    const run = of(
      'machine m iommu=vtd',
      'pci 00:1c.0 root-port id=8086:a110 bus=01-01 acs=SV+RR+CR+UF driver=pcieport',
      'pci 01:00.0 endpoint id=8086:15f3 class=020000 driver=vfio-pci ats',
      ...ATTACHED.slice(3),
    );
    expect(run.wrong).toEqual([]);
    const [step] = [
      run.simulator.execute(
        simLineOf(parseLine('burst 01:00.0 read 0x100000-0x10ffff 64 count=2048 hits=2032 misses=16', 20)),
      ),
    ];
    expect(step?.result.ok).toBe(true);
    expect(step?.traffic[0]?.spans[1]?.sample?.parts[0]?.from).toBe('device-tlb');
    expect(run.line('IOAS_UNMAP ioas iova=0x100000 len=64K').ok).toBe(true);
    expect(run.line('burst 01:00.0 read 0x100000-0x10ffff 64 count=16 blocked=16').ok).toBe(true);
  });
});

/** Spec: IHI 0070, section 3.12.2 "Stall model" */
describe('an access that an SMMU stalls', () => {
  const BOARD = [
    'machine m iommu=smmuv3',
    'platform a.x stream=0x100 driver=vfio-platform stall msi reset',
    'boot',
    'ctx = open /dev/iommu',
    'dev = BIND ctx a.x',
    'ioas = IOAS_ALLOC ctx',
    'ram = mmap qemu 64K pages=4K',
    'faults = FAULT_QUEUE_ALLOC ctx',
    'hwpt = HWPT_ALLOC dev ioas fault=faults',
    'ATTACH dev hwpt',
  ];

  it('holds the device up until somebody answers: then it is made again', () => {
    const run = of(...BOARD, 't = traffic a.x write 0x100000-0x10ffff 64');
    expect(run.wrong).toEqual([]);
    expect(run.line('mem = mmap qemu 4K').result).not.toContain('traffic');
    expect(run.line('IOAS_MAP ioas ram iova=0x100000 rw').ok).toBe(true);
    expect(run.line('expect t accesses 0').ok).toBe(true);
    expect(run.line('read faults contains "device 1: w at 0x100000, group 0, last, cookie 1"').ok).toBe(true);
    expect(run.line('write faults 1 SUCCESS').ok).toBe(true);
    const object = run.simulator.world().get('traffic:t');
    if (object?.type !== 'traffic') throw new Error('no traffic');
    expect(object).toMatchObject({ misses: 1, hits: object.accesses - 1, blocked: 0 });
  });

  it('a burst waits with it, and goes on within the line that answers', () => {
    const run = of(...BOARD);
    expect(run.line('burst a.x write 0x100000-0x10ffff 64 count=10 ! WAITS').ok).toBe(true);
    expect(run.line('IOAS_MAP ioas ram iova=0x100000 rw').ok).toBe(true);
    expect(run.line('read faults').ok).toBe(true);
    expect(run.line('write faults 1 SUCCESS').result).toContain(
      'line 11 went on: 10 accesses: 9 hits, 1 misses, 0 blocked',
    );
  });
});
