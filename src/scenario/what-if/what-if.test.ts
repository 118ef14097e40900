import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formatBdf } from '../../engine/pci/address';
import type { Partition } from '../../engine/sim/partition';
import { partitionOf } from '../../worker/partition';
import { importMachine } from '../import/import-machine';
import { addFunction, enableVfs, findAgain, removeFunction } from './at-run-time';
import type { Changed } from './changed';
import { freePorts } from './free-ports';
import { MachineText } from './machine-text';
import { moveCard } from './move-card';
import { setAcs } from './set-acs';
import { cmdlineOf, setCmdline } from './set-cmdline';

const scriptOf = (change: Changed): string => {
  if (!change.ok) throw new Error(change.why);
  return change.script;
};
const whyNot = (change: Changed): string => (change.ok ? 'it was made' : change.why);
const groupsOf = ({ groups, problem }: Partition): readonly string[] => {
  expect(problem).toBeNull();
  return groups.map(({ deviceIds }) => deviceIds.map((id) => id.replace(/^dev:0000:/, '')).join(' ')).sort();
};

/** A switch without ACS, a card of two functions behind it, and a root port with ACS that has nothing behind it. */
const DESK = `machine "desk" iommu=vtd
pci 00:01.0 root-port bus=01-04
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-03
pci 02:01.0 downstream-port bus=04-04 acs=SV+RR+CR+UF
pci 03:00.0 endpoint mf driver=nvme # the fast one
pci 03:00.1 endpoint
pci 00:02.0 root-port bus=05-05 acs=SV+RR+CR+UF driver=pcieport
boot
driver 03:00.0 vfio-pci
ctx = open /dev/iommu
driver 03:00.1 none
dev = BIND ctx 0000:03:00.0
readlink /sys/bus/pci/devices/0000:03:00.0/iommu_group
note "03:00.0 is the fast one"
place 03:00.0 10 20
`;

describe('move a card', () => {
  it('takes all functions of the slot along, and every line that speaks of them', () => {
    const move = moveCard(DESK, '03:00.1', '00:02.0');
    expect(move.ok && [...move.renamed]).toEqual([
      ['0000:03:00.0', '0000:05:00.0'],
      ['0000:03:00.1', '0000:05:00.1'],
    ]);
    const script = scriptOf(move);
    expect(script).toBe(`machine "desk" iommu=vtd
pci 00:01.0 root-port bus=01-04
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-03
pci 02:01.0 downstream-port bus=04-04 acs=SV+RR+CR+UF
pci 00:02.0 root-port bus=05-05 acs=SV+RR+CR+UF driver=pcieport
pci 05:00.0 endpoint mf driver=nvme  # the fast one
pci 05:00.1 endpoint
boot
driver 05:00.0 vfio-pci
ctx = open /dev/iommu
driver 05:00.1 none
dev = BIND ctx 05:00.0
readlink /sys/bus/pci/devices/0000:05:00.0/iommu_group
note "03:00.0 is the fast one"
place 05:00.0 10 20
`);
    expect(groupsOf(partitionOf(script))).toEqual([
      '00:01.0 01:00.0 02:00.0 02:01.0',
      '00:02.0',
      '05:00.0 05:00.1',
    ]);
  });

  it('a card with a switch of its own gets bus numbers that nobody has, and its VFs stay as far from their PF', () => {
    const script = `pci 00:01.0 root-port bus=01-04
pci 00:02.0 root-port bus=05-05
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-04
pci 03:00.0 endpoint sriov=4@256/1
pci 04:00.0 endpoint vf=03:00.0
`;
    expect(scriptOf(moveCard(script, '01:00.0', '00:02.0'))).toBe(`pci 00:01.0 root-port bus=01-04
pci 00:02.0 root-port bus=06-09
pci 06:00.0 upstream-port bus=07-09
pci 07:00.0 downstream-port bus=08-09
pci 08:00.0 endpoint sriov=4@256/1
pci 09:00.0 endpoint vf=08:00.0
`);
  });

  it.each([
    ['of nothing', '09:00.0', '00:02.0', '09:00.0 is no function of this script'],
    ['to nothing', '03:00.0', '09:00.0', '09:00.0 is no function of this script'],
    ['to what is no slot', '03:00.0', '01:00.0', '01:00.0 is no port with a slot behind it'],
    ['to a slot that is taken', '03:00.0', '00:01.0', 'the slot behind 00:01.0 is taken'],
    ['to where it is', '03:00.0', '02:00.0', '03:00.0 is behind 02:00.0 already'],
    ['into itself', '01:00.0', '02:01.0', '02:01.0 is on that card itself'],
    [
      'of the chipset',
      '00:02.0',
      '02:01.0',
      '00:02.0 is on a root bus: it is part of the chipset, not on a card',
    ],
  ])('%s is refused in words', (_, bdf, port, why) => {
    expect(whyNot(moveCard(DESK, bdf, port))).toBe(why);
  });

  const FIXTURES = new URL('../../testing/fixtures/groups/', import.meta.url);
  const machines = readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.lspci.txt.gz'))
    .map((file) => {
      const read = importMachine(gunzipSync(readFileSync(new URL(file, FIXTURES))).toString('utf8'));
      if (read.status === 'failed') throw new Error(read.why);
      return { file, script: `${read.lines.join('\n')}\n` };
    });

  it('on recorded machines every card that can be moved can be plugged in anywhere, and moved back as it was', () => {
    let moves = 0;
    let returns = 0;
    for (const { script } of machines) {
      const before = partitionOf(script);
      const text = new MachineText(script);
      for (const port of freePorts(script).slice(0, 2)) {
        for (const { spec, name } of text.functions.slice(0, 40)) {
          const change = moveCard(script, name, formatBdf(port.address));
          if (!change.ok) continue;
          moves++;
          const after = partitionOf(change.script);
          expect(after.problem).toBeNull();
          const count = ({ groups, ungrouped }: Partition): number =>
            ungrouped.length + groups.reduce((sum, { deviceIds }) => sum + deviceIds.length, 0);
          expect(count(after)).toBe(count(before));
          // Home again: the slot it came from is free now.
          const home = text.functions.find(
            (each) =>
              each.spec.address.domain === spec.address.domain &&
              each.spec.buses?.secondary === (spec.virtualOf ?? spec.address).bus,
          );
          const there = new MachineText(change.script).functions.find(
            (each) => !text.functions.some((old) => old.name === each.name),
          );
          if (home === undefined || there === undefined || freePorts(change.script).length === 0) continue;
          const back = moveCard(change.script, there.name, home.name);
          if (!back.ok) continue;
          returns++;
          expect(groupsOf(partitionOf(back.script))).toEqual(groupsOf(before));
        }
      }
    }
    expect(moves).toBeGreaterThan(50);
    expect(returns).toBeGreaterThan(50);
  }, 60_000);
});

describe('switch ACS bits', () => {
  it('splits what they keep apart, and null is as Linux sets it', () => {
    const all = scriptOf(setAcs(DESK, '00:02.0', 0));
    expect(all).toContain('pci 00:02.0 root-port bus=05-05 acs=SV+RR+CR+UF/none driver=pcieport\n');
    expect(scriptOf(setAcs(all, '00:02.0', null))).toBe(DESK);
  });
  it.each([
    [
      '01:00.0',
      0,
      '01:00.0 has no ACS capability, so there is no bit to switch; pcie_acs_override is for such',
    ],
    ['00:02.0', 0x20, '00:02.0 cannot do EC'],
    ['0a:00.0', 0, '0a:00.0 is no function of this script'],
  ])('of %s it is refused in words', (bdf, ctrl, why) => {
    expect(whyNot(setAcs(DESK, bdf, ctrl))).toBe(why);
  });
});

describe('the kernel command line', () => {
  it('is set, changed and taken away', () => {
    const set = scriptOf(setCmdline(DESK, ' iommu=pt quiet '));
    expect(set.split('\n')[0]).toBe('machine "desk" iommu=vtd cmdline="iommu=pt quiet"');
    expect(cmdlineOf(set)).toBe('iommu=pt quiet');
    expect(scriptOf(setCmdline(set, ''))).toBe(DESK);
  });
  it('comes with a machine line where there is none', () => {
    const set = scriptOf(setCmdline('boot\n', 'iommu=pt'));
    expect(set).toBe('machine "machine" cmdline=iommu=pt\nboot\n');
    expect(cmdlineOf(set)).toBe('iommu=pt');
    expect(partitionOf(set).problem).toBeNull();
  });
});

describe('while it runs', () => {
  it('virtual functions are made through sysfs', () => {
    const script = 'pci 03:00.0 endpoint sriov=8@128/2\n';
    expect(scriptOf(enableVfs(script, '03:00.0', 2))).toBe(
      `${script}boot\necho 2 /sys/bus/pci/devices/0000:03:00.0/sriov_numvfs\n`,
    );
    // Its driver makes them, so it needs one.
    const driven = script.replace('sriov', 'driver=igb sriov');
    expect(partitionOf(scriptOf(enableVfs(driven, '03:00.0', 2))).problem).toBeNull();
    expect(whyNot(enableVfs(script, '03:00.0', 9))).toBe('03:00.0 can have 0 to 8 virtual functions');
    expect(whyNot(enableVfs(DESK, '03:00.0', 1))).toMatch(/no SR-IOV capability/);
  });
  it('a rescan decides its group by the registers as they are then', () => {
    // Linux: drivers/iommu/iommu.c pci_device_group() runs when a device is added, and never again.
    const late = `machine "late" iommu=vtd
pci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF driver=pcieport
pci 01:00.0 endpoint
boot
setpci 00:01.0 "ECAP_ACS+6.w=0"
`;
    expect(groupsOf(partitionOf(late))).toEqual(['00:01.0', '01:00.0']);
    expect(groupsOf(partitionOf(scriptOf(findAgain(late, '01:00.0'))))).toEqual(['00:01.0 01:00.0']);
    expect(whyNot(findAgain(late, '09:00.0'))).toBe('09:00.0 is no function of this script');
  });
  it('a function is pulled out and another plugged in where it was', () => {
    const gone = scriptOf(removeFunction(DESK, '05:00.0'.replace('05', '03')));
    expect(gone.endsWith('remove 03:00.0\n')).toBe(true);
    const machine = new MachineText(DESK);
    const card = machine.find('03:00.1')!.spec;
    expect(whyNot(addFunction(DESK, card))).toBe('03:00.1 is there already');
    const removed = scriptOf(removeFunction(DESK, '03:00.1'));
    expect(scriptOf(addFunction(removed, card)).endsWith('remove 03:00.1\npci 03:00.1 endpoint\n')).toBe(
      true,
    );
  });
});
