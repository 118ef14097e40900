import type { WorldId, WorldObject } from '../engine/sim/world';
import { ScriptRun } from './run-script';

/** The world after a script, for tests. */
export const worldOf = (script: string): Readonly<Record<WorldId, WorldObject>> => {
  const run = ScriptRun.of(script);
  if (run.wrong.length > 0) throw new Error(run.wrong.join('\n'));
  return Object.fromEntries(run.simulator.world());
};

/**
 * A card with two functions behind a port without ACS, a card behind one that has it, and an empty slot. By Linux's rules
 * (drivers/iommu/iommu.c pci_device_group()) the port 00:01.0 and the functions behind it are one group, and everything
 * else is alone.
 */
export const MACHINE = `machine "Bench" iommu=vtd
pci 00:01.0 root-port id=8086:1901 class=060400 bus=01-01 driver=pcieport "Intel Corporation Port without ACS"
pci 00:02.0 root-port id=1b36:000c class=060400 bus=02-02 acs=SV+RR+CR+UF driver=pcieport "Port with ACS"
pci 00:03.0 root-port id=1b36:000c class=060400 bus=03-03 acs=SV+RR+CR+UF driver=pcieport "Empty port"
pci 01:00.0 endpoint id=10de:1b80 class=030000 mf driver=nouveau "NVIDIA Corporation GP104 [GeForce GTX 1080]"
pci 01:00.1 endpoint id=10de:10f0 class=040300 mf driver=snd_hda_intel "NVIDIA Corporation GP104 Audio"
pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc "Intel Corporation I225-V"
boot`;
