import { describe, expect, it } from 'vitest';
import type { WorldId, WorldObject } from '../../engine/sim/world';
import { pasteLines } from '../../scenario/copy/paste';
import { ScriptRun } from '../../testing/run-script';
import { copyLines } from './copy';

const MACHINE = `machine "m" iommu=vtd mode=scalable
pci 00:01.0 root-port id=8086:1901 class=060400 bus=01-01 acs=SV+RR+CR+UF driver=pcieport
pci 00:02.0 root-port id=8086:a110 class=060400 bus=02-02 acs=SV+RR+CR+UF driver=pcieport
pci 00:03.0 root-port id=8086:a110 class=060400 bus=03-03 acs=SV+RR+CR+UF driver=pcieport
pci 00:1f.0 rciep id=8086:a305 class=020000
pci 01:00.0 endpoint id=10de:2786 class=030000 mf driver=nouveau "Graphics"
pci 01:00.1 endpoint id=10de:22bc class=040300 mf driver=snd_hda_intel "Audio"
pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc "Network card"
boot
driver 02:00.0 vfio-pci
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
buf = mmap qemu 2M
dev = BIND ctx 02:00.0`;

/** What tells an object from its copy. */
const OWN = { id: '', name: null, place: null, objectId: 0 };

interface CopyRun {
  readonly world: ReadonlyMap<WorldId, WorldObject>;
  readonly named: (name: string) => WorldObject | undefined;
  readonly pasted: readonly string[];
  readonly left: readonly string[];
  readonly wrong: readonly string[];
}

/** Copies by name or id, pastes into the same script, and runs all of it. */
function copied(script: string, ...names: readonly string[]): CopyRun {
  const before = ScriptRun.of(script);
  expect(before.wrong).toEqual([]);
  const world = before.simulator.world();
  const ids = names.map((name) => [...world.values()].find((o) => o.id === name || o.name === name)!.id);
  const { lines, left } = copyLines(script, Object.fromEntries(world), ids);
  const pasted = pasteLines(script, lines);
  const after = ScriptRun.of(`${script}\n${pasted.lines.join('\n')}`);
  const objects = after.simulator.world();
  return {
    world: objects,
    named: (name) => [...objects.values()].find((object) => object.name === name),
    pasted: pasted.lines,
    left: [...left, ...pasted.left],
    wrong: after.wrong,
  };
}

describe('copy and paste, on the real engine', () => {
  it('an IOAS comes with what is mapped in it: same addresses, same memory, same rights', () => {
    const run = copied(
      `${MACHINE}
IOAS_MAP ioas buf iova=0x200000 rw
IOAS_MAP ioas buf iova=0x800000 offset=64K len=8K r
OPTION ioas HUGE_PAGES 0
IOAS_ALLOW_IOVAS ioas 0x0-0xffffff`,
      'ioas',
    );
    expect(run.wrong).toEqual([]);
    const [one, two] = [run.named('ioas'), run.named('ioas2')];
    const areas = (object: WorldObject | undefined) =>
      object?.type === 'ioas'
        ? object.areas.map(({ iova, last, read, write, userVa }) => ({ iova, last, read, write, userVa }))
        : null;
    expect(areas(two)).toHaveLength(2);
    expect(areas(two)).toEqual(areas(one));
    expect(two).toMatchObject({ hugePages: false, allowed: [{ start: 0n, last: 0xff_ffffn }] });
  });

  it('what was unmapped since is not in the copy', () => {
    const run = copied(`${MACHINE}\nIOAS_MAP ioas buf iova=0x200000 rw\nIOAS_UNMAP ioas all`, 'ioas');
    expect(run.pasted).toEqual(['ioas2 = IOAS_ALLOC ctx']);
  });

  it('a page table over a copied IOAS stands over the copy', () => {
    const run = copied(`${MACHINE}\nhwpt = HWPT_ALLOC dev ioas nest-parent dirty  # by hand`, 'hwpt', 'ioas');
    expect(run.wrong).toEqual([]);
    const two = run.named('hwpt2');
    expect(two).toMatchObject({ nestParent: true, dirtyTracking: true, ioasId: run.named('ioas2')?.id });
    expect(run.pasted.at(-1)).toBe('hwpt2 = HWPT_ALLOC dev ioas2 nest-parent dirty');
  });

  it('a page table copied alone stands over the same IOAS, and is equal', () => {
    const run = copied(`${MACHINE}\nhwpt = HWPT_ALLOC dev ioas dirty`, 'hwpt');
    expect(run.wrong).toEqual([]);
    // Where its table lies, and what tags it, are its own.
    const same = (object: WorldObject | undefined): unknown =>
      object?.type === 'hwpt' ? { ...object, ...OWN, rootPa: 0, domain: '', tag: null } : null;
    expect(same(run.named('hwpt2'))).toEqual(same(run.named('hwpt')));
  });

  it('a card of two functions is plugged into a free slot, whole', () => {
    const run = copied(MACHINE, 'dev:0000:01:00.1');
    expect(run.wrong).toEqual([]);
    expect(run.world.get('dev:0000:03:00.0')).toMatchObject({
      deviceId: 0x2786,
      driver: { name: 'nouveau' },
    });
    expect(run.world.get('dev:0000:03:00.1')).toMatchObject({ deviceId: 0x22bc });
  });

  it('where no slot is free it comes with a root port of its own', () => {
    const full = MACHINE.replace('pci 00:03.0', '# pci 00:03.0');
    const run = copied(full, 'dev:0000:02:00.0');
    expect(run.wrong).toEqual([]);
    const device = run.world.get('dev:0000:03:00.0');
    expect(device).toMatchObject({ type: 'device', deviceId: 0x15f3, driver: { name: 'vfio-pci' } });
    expect(device).toMatchObject({ parentId: expect.stringMatching(/^dev:0000:00:/) as string });
  });

  it('a device copied with its IOAS is attached to the copy of it', () => {
    const run = copied(`${MACHINE}\nATTACH dev ioas`, 'dev:0000:02:00.0', 'ioas');
    expect(run.wrong).toEqual([]);
    const hwpt = run.world.get((run.world.get('dev:0000:03:00.0') as { hwptId: string }).hwptId);
    expect(hwpt).toMatchObject({ ioasId: run.named('ioas2')?.id });
  });

  it('memory, accesses and fault queues are made again', () => {
    const run = copied(
      `${MACHINE}\nfaults = FAULT_QUEUE_ALLOC ctx\nmdev = ACCESS ioas pin`,
      'mm:qemu',
      'faults',
      'mdev',
    );
    expect(run.wrong).toEqual([]);
    expect(run.pasted).toEqual([
      'buf2 = mmap qemu 2M',
      'faults2 = FAULT_QUEUE_ALLOC ctx',
      'mdev2 = ACCESS ioas pin',
    ]);
  });

  it.each([
    ['dev:0000:00:1f.0', 'in no slot'],
    ['group:1', 'made by Linux'],
    ['iommu:dmar0', 'part of the machine'],
  ])('%s cannot be copied, and it says why', (id, why) => {
    const run = copied(MACHINE, id);
    expect(run.pasted).toEqual([]);
    expect(run.left.join()).toContain(why);
  });

  it('a page table that an attach made cannot be copied alone', () => {
    const run = copied(`${MACHINE}\nhwpt = ATTACH dev ioas`, 'hwpt');
    expect(run.left.join()).toContain('made by an attach');
  });
});

describe('pasting lines of others', () => {
  it('gives names that nobody has, also to what refers to them', () => {
    expect(
      pasteLines('ioas = IOAS_ALLOC ctx', ['ioas = IOAS_ALLOC ctx', 'mdev = ACCESS ioas']).lines,
    ).toEqual(['ioas2 = IOAS_ALLOC ctx', 'mdev = ACCESS ioas2']);
  });
  it('a word that only looks like a name stays', () => {
    const script = 'dev = BIND ctx 01:00.0';
    expect(pasteLines(script, ['dev = BIND ctx 02:00.0', 'driver 03:00.0 dev', 'note "dev"']).lines).toEqual([
      'dev2 = BIND ctx 02:00.0',
      'driver 03:00.0 dev',
      'note "dev"',
    ]);
  });
  it('a line that makes no sense is left, and the rest pasted', () => {
    const pasted = pasteLines('', ['nonsense 1', 'ctx = open /dev/iommu']);
    expect(pasted.lines).toEqual(['ctx = open /dev/iommu']);
    expect(pasted.left).toEqual([expect.stringContaining('nonsense')]);
  });
  it('the copy of what was placed stands a little beside; the original stays', () => {
    expect(
      pasteLines('a = IOAS_ALLOC ctx', ['a = IOAS_ALLOC ctx', 'place a 10 -20', 'place b 1 2']).lines,
    ).toEqual(['a2 = IOAS_ALLOC ctx', 'place a2 42 12']);
  });
});
