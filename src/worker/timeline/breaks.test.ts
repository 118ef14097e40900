import { expect, test } from 'vitest';
import { parseScript } from '../../scenario/parse';
import { Simulator } from '../../engine/sim/simulator';
import { readPci, simLineOf } from '../sim-line';
import { watchFor, type Breakpoint } from './breaks';

const SCRIPT = `machine "t" iommu=vtd
note "First the kernel."
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=igc
boot
# a comment is no note
note "Then a device that nobody has mapped anything for."
dma 00:02.0 write 0x100000 64 ! FAULT`;

/** Lines after which playing would stop, and why. */
function stops(...breakpoints: readonly Breakpoint[]): readonly string[] {
  const simulator = new Simulator(readPci);
  const why = watchFor(breakpoints, simulator);
  return parseScript(SCRIPT).lines.flatMap((line) => {
    const reason = why(simulator.execute(simLineOf(line)));
    return reason === null ? [] : [`${line.number} ${reason}`];
  });
}

test('at every note, and at nothing else', () => {
  expect(stops({ kind: 'note' })).toEqual(['2 a note', '6 a note']);
});

test('each breakpoint for itself', () => {
  expect(stops({ kind: 'fault' }, { kind: 'line', line: 4 })).toEqual(['4 line 4', '7 a DMA was blocked']);
  expect(stops({ kind: 'change', id: 'dev:0000:00:02.0' })).toContain('3 dev:0000:00:02.0 came into being');
});
