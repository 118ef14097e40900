import { Simulator } from '../../engine/sim/simulator';
import { parseScript } from '../../scenario/parse';
import { bigMachine } from '../../testing/big-machine';
import { readPci, simLineOf } from '../../worker/sim-line';
import { longScene } from '../long-scene';
import type { Gesture } from './ours';

export { longScene };

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

/** A machine of which one device is to be wired, after so many lines of a script. */
export const gestureScene = (lines: number): string =>
  [longScene(lines), 'other = IOAS_ALLOC ctx', 'IOAS_MAP other ram iova=0x200000 rw', 'DETACH dev'].join(
    '\n',
  );

/** What people do most, again and again: connect, look, move, think better of it, connect otherwise, disconnect. */
export const gestures = (rounds: number): readonly Gesture[] =>
  Array.from({ length: rounds }, (_, n): readonly Gesture[] => [
    { kind: 'connect', line: 'ATTACH dev ioas' },
    { kind: 'select', name: n % 2 === 0 ? 'ioas' : 'other' },
    { kind: 'drag', name: 'other' },
    { kind: 'undo', of: 'drag' },
    { kind: 'connect', line: 'REPLACE dev other' },
    { kind: 'undo', of: 'connect' },
    { kind: 'connect', line: 'DETACH dev' },
  ]).flat();

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

/** Events that a script makes, counted where they are made: without the worker, and without the page. */
export function eventsMade(script: string): number {
  const simulator = new Simulator(readPci);
  return parseScript(script).lines.reduce(
    (sum, line) => sum + simulator.execute(simLineOf(line)).events.length,
    0,
  );
}
