import { Simulator } from '../../engine/sim/simulator';
import { parseScript } from '../../scenario/parse';
import { bigMachine } from '../../testing/big-machine';
import { readPci, simLineOf } from '../../worker/sim-line';

/** Scripts that the page is measured with. */

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** The machine of a thousand functions, with a device that is attached. */
export const thousandNodes = (): string =>
  [
    bigMachine(),
    'driver 85:00.0 vfio-pci',
    'ctx = open /dev/iommu',
    'ioas = IOAS_ALLOC ctx',
    'dev = BIND ctx 85:00.0',
    'hwpt = ATTACH dev ioas',
  ].join('\n');

export const GESTURE_DEVICE = 'dev:0000:02:00.0';

export const gestureScene = (): string =>
  [
    'machine q35 iommu=vtd',
    'pci 00:02.0 root-port bus=02-02 acs=SV+RR+CR+UF driver=pcieport',
    'pci 02:00.0 endpoint id=8086:15f3 driver=vfio-pci',
    'boot',
    'ctx = open /dev/iommu',
    'ioas = IOAS_ALLOC ctx',
    'other = IOAS_ALLOC ctx',
    'ram = mmap qemu 2M',
    'IOAS_MAP ioas ram iova=0x200000 rw',
    'IOAS_MAP other ram iova=0x200000 rw',
    'dev = BIND ctx 02:00.0',
  ].join('\n');

/** Attach, replace, detach, and again. */
export const gestureLines = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, n) => ['ATTACH dev ioas', 'REPLACE dev other', 'DETACH dev'][n % 3] ?? '',
  );

/** So many devices each make so many accesses while the last line runs; each is short enough to be shown one by one. */
export function traffic(devices: number): string {
  const lines = ['machine "Traffic" iommu=vtd'];
  const functions = Array.from({ length: devices }, (_, n) => `${hex(1 + (n >> 3))}:00.${n & 7}`);
  for (const [n, bdf] of functions.entries()) {
    const bus = hex(1 + (n >> 3));
    if ((n & 7) === 0)
      lines.push(`pci 00:${hex(1 + (n >> 3))}.0 root-port bus=${bus}-${bus} acs=SV+RR+CR+UF driver=pcieport`);
    lines.push(
      `pci ${bdf} endpoint id=8086:15f3 acs=SV+RR+CR+UF driver=vfio-pci${(n & 7) === 0 ? ' mf' : ''}`,
    );
  }
  lines.push('boot', 'ctx = open /dev/iommu', 'ioas = IOAS_ALLOC ctx', 'other = IOAS_ALLOC ctx');
  lines.push(
    'ram = mmap qemu 2M',
    'IOAS_MAP ioas ram iova=0x200000 rw',
    'IOAS_MAP other ram iova=0x200000 rw',
  );
  for (const [n, bdf] of functions.entries()) lines.push(`dev${n} = BIND ctx ${bdf}`, `ATTACH dev${n} ioas`);
  for (const [n, bdf] of functions.entries()) lines.push(`t${n} = traffic ${bdf} read 0x200000-0x2fffff 64`);
  return [...lines, 'REPLACE dev0 other'].join('\n');
}

/** A scene that goes on and on: pages mapped, reached by a device, and unmapped. */
export function longScene(count: number): string {
  const lines = [
    'machine q35 iommu=vtd',
    'pci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF',
    'pci 01:00.0 endpoint driver=vfio-pci',
    'boot',
    'ctx = open /dev/iommu',
    'ioas = IOAS_ALLOC ctx',
    'dev = BIND ctx 01:00.0',
    'hwpt = ATTACH dev ioas',
    'ram = mmap qemu 64K',
    'IOAS_MAP ioas ram iova=0x100000 len=64K rw',
  ];
  for (let n = 0; lines.length < count; n++) {
    const at = (0x100_0000 + (n % 500) * 0x1_0000).toString(16);
    lines.push(`IOAS_MAP ioas ram iova=0x${at} len=64K rw`);
    lines.push(`dma 01:00.0 write 0x${at} 64`, 'dma 01:00.0 read 0x100040 64');
    lines.push(`IOAS_UNMAP ioas iova=0x${at} len=64K`);
  }
  return lines.slice(0, count).join('\n');
}

/** Events that a script makes, counted where they are made: without the worker, and without the page. */
export function eventsMade(script: string): number {
  const simulator = new Simulator(readPci);
  return parseScript(script).lines.reduce(
    (sum, line) => sum + simulator.execute(simLineOf(line)).events.length,
    0,
  );
}
