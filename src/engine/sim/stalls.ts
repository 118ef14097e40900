import type { PageResponseMessage } from '../hw/port';
import type { Task } from '../kernel/task';
import type { Lookup } from './batch';
import { fireDma, type DmaOrder } from './dma';
import { handlePageRequests } from './page-requests';
import type { VerbContext } from './verbs/verb';

/**
 * A device reads or writes. Where its IOMMU holds a transaction that faults, the device waits with it until the kernel, or
 * whoever the kernel asks, has looked at the fault: then it is retried, or comes to nothing.
 *
 * Spec: IHI 0070, section 3.12.2 "Stall model", section 4.7.1 "CMD_RESUME"
 *
 * A retry that meets the same fault would stall, and be resumed, for as long as the handler says so: here it ends after one.
 */
export function* fireWaiting({ machine, notes, lookups }: VerbContext, order: DmaOrder): Task<Lookup> {
  const { responses } = machine.endpoints.of(order.device.name);
  let resumed: bigint | null = null;
  for (;;) {
    const earlier = responses.length;
    const lookup = fireDma(machine, { ...order, line: machine.scheduler.line });
    lookups.push(lookup);
    machine.walked.note(lookup);
    const held = lookup.parts.find(({ stalled }) => stalled !== undefined);
    const unit = machine.unitOf(order.device);
    if (held?.stalled === undefined || unit === null) return lookup;
    const stag = held.stalled;
    const answer = (): PageResponseMessage | undefined =>
      responses.slice(earlier).find(({ group }) => group === stag);
    yield* handlePageRequests(machine, unit);
    if (answer() === undefined) {
      const what = `an answer to its stalled transaction (STAG ${stag})`;
      yield { op: 'wait', what, until: () => answer() !== undefined, limit: null, byScript: true };
    }
    if (answer()?.code !== 0) {
      notes.push('stalled, and terminated');
      return lookup;
    }
    if (resumed === held.iova) {
      notes.push('stalled again after it was resumed');
      return lookup;
    }
    notes.push('stalled, and resumed');
    resumed = held.iova;
  }
}
