import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { addCard, CARDS } from './add-card';

const MACHINE = `machine "m" iommu=vtd
pci 00:01.0 root-port id=1b36:000c bus=01-01 acs=SV+RR+CR+UF
pci 00:02.0 root-port id=1b36:000c bus=02-02 acs=SV+RR+CR+UF
pci 00:03.0 root-port id=1b36:000c
pci 00:1f.0 rciep id=8086:a305
pci 01:00.0 endpoint id=8086:15f3
boot`;

describe('plugging a card in', () => {
  it.each(CARDS.map(({ id }) => id))('%s: it is found, bound and grouped', (card) => {
    const added = addCard(MACHINE, '00:02.0', card);
    expect(added.ok).toBe(true);
    const run = ScriptRun.of(added.ok ? added.script : '');
    expect(run.wrong).toEqual([]);
    const found = [...run.simulator.world().values()].filter(
      (object) => object.type === 'device' && object.bdf.startsWith('0000:02:00.'),
    );
    expect(found.length).toBeGreaterThan(0);
    for (const device of found)
      if (device.type === 'device') {
        expect(device.groupId).not.toBeNull();
        expect(device.driver).not.toBeNull();
      }
  });
  it('comes into the running machine: the lines before stay as they are', () => {
    const added = addCard(MACHINE, '00:02.0', 'gpu');
    expect(added.ok && added.script.startsWith(MACHINE)).toBe(true);
  });
  it.each([
    ['00:01.0', 'is taken'],
    ['00:1f.0', 'no port with a slot'],
    ['00:03.0', 'no bus number'],
    ['05:00.0', 'no function of this script'],
  ])('is refused behind %s', (port, why) => {
    expect(addCard(MACHINE, port, 'nic')).toMatchObject({
      ok: false,
      why: expect.stringContaining(why) as string,
    });
  });
});
