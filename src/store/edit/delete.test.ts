import { expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { deleteLines } from './delete';

const SCENE = `machine "m" iommu=vtd mode=scalable
pci 00:02.0 root-port id=8086:a110 class=060400 bus=02-02 acs=SV+RR+CR+UF driver=pcieport
pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc ats pri pasid=32 "Network card"
boot
driver 02:00.0 vfio-pci
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
faults = FAULT_QUEUE_ALLOC ctx
mdev = ACCESS ioas
dev = BIND ctx 02:00.0
hwpt = HWPT_ALLOC dev ioas fault=faults
ATTACH dev hwpt`;
const NIC = 'dev:0000:02:00.0';

const start = (script = SCENE): ScriptRun => {
  const run = ScriptRun.of(script);
  expect(run.wrong).toEqual([]);
  return run;
};
const objectsOf = (run: ScriptRun) => Object.fromEntries(run.simulator.world());
const idOf = (run: ScriptRun, name: string): string =>
  [...run.simulator.world().values()].find((object) => object.name === name)!.id;

it('a device is let go one step at a time, until it is gone', () => {
  const run = start();
  const said: string[] = [];
  for (let turn = 0; NIC in objectsOf(run) && turn < 9; turn++)
    for (const line of deleteLines(objectsOf(run), [NIC]).lines) {
      said.push(line);
      expect(run.line(line).ok).toBe(true);
    }
  expect(said).toEqual(['DETACH dev', 'UNBIND dev', 'driver 02:00.0 none', 'remove 02:00.0']);
});

it('users go before what they use, in whatever order they were picked', () => {
  const run = start();
  const ids = [...['ioas', 'faults', 'hwpt', 'mdev'].map((name) => idOf(run, name)), NIC];
  const { lines, left } = deleteLines(objectsOf(run), ids);
  expect(left).toEqual([]);
  for (const line of lines) expect({ line, ok: run.line(line).ok }).toEqual({ line, ok: true });
  const gone = ids.filter((id) => id !== NIC && id in objectsOf(run));
  expect(gone).toEqual([]);
});

it('an IOAS in use is the kernel’s to refuse', () => {
  const run = start();
  const [line] = deleteLines(objectsOf(run), [idOf(run, 'ioas')]).lines;
  // Linux: drivers/iommu/iommufd/main.c iommufd_object_remove(), refcount is not one.
  expect(run.line(line!)).toMatchObject({ errno: 'EBUSY' });
});

it('a page table that an attach made goes with its device', () => {
  const run = start(SCENE.split('\n').slice(0, -2).join('\n') + '\nauto = ATTACH dev ioas');
  const auto = idOf(run, 'auto');
  expect(deleteLines(objectsOf(run), [auto]).left.join()).toContain('made by an attach');
  expect(deleteLines(objectsOf(run), [auto, NIC])).toEqual({ lines: ['DETACH dev'], left: [] });
});
