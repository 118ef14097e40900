import { expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { addCardAnywhere, addPortWithCard } from './add-port';

const MACHINE = `machine "m" iommu=vtd
pci 00:01.0 root-port id=1b36:000c bus=01-01 acs=SV+RR+CR+UF
pci 00:1f.0 rciep id=8086:a305
pci 01:00.0 endpoint id=8086:15f3
boot`;

it('a root port with a card comes into the running machine, isolated from the others', () => {
  const added = addPortWithCard(MACHINE, 'nic');
  const run = ScriptRun.of(added.ok ? added.script : '');
  expect(run.wrong).toEqual([]);
  const world = run.simulator.world();
  expect(world.get('dev:0000:02:00.0')).toMatchObject({
    parentId: 'dev:0000:00:02.0',
    driver: { name: 'igc' },
  });
  const groupOf = (id: string) => (world.get(id) as { groupId: string | null }).groupId;
  expect(groupOf('dev:0000:02:00.0')).not.toBe(groupOf('dev:0000:01:00.0'));
});

it('a card goes where there is room: a free slot first', () => {
  const free = addCardAnywhere(MACHINE.replace('pci 01:00.0', '# pci 01:00.0'), 'gpu');
  expect(free.ok && free.script).toContain('pci 01:00.1 endpoint');
  const full = addCardAnywhere(MACHINE, 'gpu');
  expect(full.ok && full.script).toContain('pci 02:00.1 endpoint');
});

it('a root bus holds 32 devices', () => {
  const all = Array.from(
    { length: 31 },
    (_, at) => `pci 00:${(at + 1).toString(16).padStart(2, '0')}.0 rciep`,
  );
  expect(addPortWithCard(['machine m', ...all].join('\n'), 'nic')).toMatchObject({
    ok: false,
    why: 'the root bus has no device number left',
  });
});
