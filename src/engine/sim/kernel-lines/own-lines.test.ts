import { expect, it } from 'vitest';
import { parseScript } from '../../../scenario/parse';
import { scenarioFiles } from '../../../testing/run-script';
import { readPci, simLineOf } from '../../../worker/sim-line';
import { Simulator } from '../simulator';
import { decodeKernelLines } from './decode';

/** Of ours, where the kernel would wait for ever without a word. */
const NO_KERNEL = /Device-TLB invalidation given up|a descriptor behind the first of a batch/;

/** What a machine of ours prints, in the order in which it prints it. */
function logOf(script: string): string[] {
  const simulator = new Simulator(readPci);
  return parseScript(script).lines.flatMap((line) =>
    simulator.execute(simLineOf(line)).events.flatMap((event) => (event.kind === 'log' ? [event.text] : [])),
  );
}

it('every line that our own drivers print about an IOMMU is understood', () => {
  let understood = 0;
  for (const { name, script } of scenarioFiles()) {
    const { decoded, unknown } = decodeKernelLines(logOf(script).join('\n'));
    expect(
      unknown.filter(({ text }) => !NO_KERNEL.test(text)),
      name,
    ).toEqual([]);
    understood += decoded.length;
  }
  expect(understood).toBeGreaterThan(100);
}, 60_000);
