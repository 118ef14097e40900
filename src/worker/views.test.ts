import { expect, test } from 'vitest';
import type { StepBatch } from '../engine/sim/batch';
import type { SysfsEntry } from '../engine/iommu/sysfs';
import { createEngine } from './engine';

/** What open panels ask the engine for, as the page gets it. */
const SCRIPT = [
  'pci 00:1c.0 root-port bus=02-02 acs=SV+RR+CR+UF driver=pcieport',
  'pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc',
  'boot',
  'driver 02:00.0 vfio-pci',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'dev = BIND ctx 02:00.0',
  'ATTACH dev ioas',
].join('\n');

async function loaded(
  script: string,
): Promise<{ engine: ReturnType<typeof createEngine>; batch: StepBatch }> {
  const engine = createEngine();
  const reply = await engine.load(script, null);
  if (reply.status !== 'ok') throw new Error(reply.why);
  return { engine, batch: structuredClone(reply.batch) };
}

test('the calls of a script, as strace would have printed them', async () => {
  const { engine, batch } = await loaded(SCRIPT);
  const calls = batch.events.flatMap(({ events }) => events.filter((event) => event.kind === 'ioctl'));
  const described = structuredClone(await engine.describeIoctls(calls));
  // strace(1); the structure: include/uapi/linux/iommufd.h struct iommu_ioas_alloc
  expect(described.map((call) => call.tokens.map((token) => token.text).join(''))[0]).toBe(
    'ioctl(ctx:1, IOMMU_IOAS_ALLOC, {size=12, flags=0} => {out_ioas_id=1}) = 0',
  );
  expect(described[0]?.struct?.after).toEqual(Uint8Array.from([12, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]));
});

const at = (entry: SysfsEntry | null, path: string): SysfsEntry | undefined =>
  path
    .split('/')
    .filter((name) => name !== '')
    .reduce<SysfsEntry | undefined>(
      (here, name) => (here?.kind === 'dir' ? here.entries[name] : undefined),
      entry ?? undefined,
    );

test('sysfs has groups, devices and the unit, with the links between them', async () => {
  const { engine } = await loaded(SCRIPT);
  const root = structuredClone(await engine.sysfs());
  // Linux: Documentation/ABI/testing/sysfs-kernel-iommu_groups, sysfs-bus-pci, sysfs-class-iommu-intel-iommu
  expect(at(root, '/sys/kernel/iommu_groups/1/type')).toEqual({
    kind: 'file',
    mode: 0o644,
    text: 'DMA-FQ\n',
  });
  expect(at(root, '/sys/kernel/iommu_groups/1/devices/0000:02:00.0')).toEqual({
    kind: 'link',
    target: '/sys/bus/pci/devices/0000:02:00.0',
  });
  const device = '/sys/bus/pci/devices/0000:02:00.0';
  expect(at(root, `${device}/iommu_group`)).toEqual({ kind: 'link', target: '/sys/kernel/iommu_groups/1' });
  expect(at(root, `${device}/class`)).toEqual({ kind: 'file', mode: 0o444, text: '0x020000\n' });
  expect(at(root, `${device}/driver`)).toEqual({ kind: 'link', target: '/sys/bus/pci/drivers/vfio-pci' });
  expect(at(root, '/sys/class/iommu/dmar0/intel-iommu/version')).toMatchObject({ text: '1:0\n' });
  // Every link leads somewhere.
  const dangling: string[] = [];
  const visit = (entry: SysfsEntry, path: string): void => {
    if (entry.kind === 'link' && at(root, entry.target) === undefined) dangling.push(path);
    if (entry.kind === 'dir')
      for (const [name, child] of Object.entries(entry.entries)) visit(child, `${path}/${name}`);
  };
  if (root) visit(root, '');
  expect(dangling).toEqual([]);
});

test('before the kernel runs there is no sysfs', async () => {
  const { engine } = await loaded('machine q35');
  expect(await engine.sysfs()).toBeNull();
});

test('the order of locks has the lines where it was seen', async () => {
  const { engine } = await loaded(SCRIPT);
  const { edges, reports } = structuredClone(await engine.lockOrder());
  // Linux: iommufd_device_do_attach() with an IOAS: ioas->mutex, then igroup->lock, then the core's group->mutex.
  expect(edges.find((edge) => edge.outer === 'ioas->mutex' && edge.inner === 'igroup->lock')?.line).toBe(8);
  expect(edges.some((edge) => edge.outer === 'igroup->lock' && edge.inner === 'group->mutex')).toBe(true);
  expect(reports).toEqual([]);
});

test('every note on a defect says what the kernel does and what is done here', async () => {
  const notes = structuredClone(await createEngine().defects());
  expect(notes.length).toBeGreaterThan(10);
  expect(new Set(notes.map((note) => note.id)).size).toBe(notes.length);
});
