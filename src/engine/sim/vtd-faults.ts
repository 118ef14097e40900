import {
  BEYOND_WIDTH,
  CONTEXT_ACCESS,
  CONTEXT_INVALID,
  CONTEXT_NOT_PRESENT,
  CONTEXT_RESERVED,
  INTERRUPT_OUTPUT,
  NO_READ,
  NO_WRITE,
  ROOT_ACCESS,
  ROOT_NOT_PRESENT,
  ROOT_RESERVED,
  TABLE_ACCESS,
  TABLE_RESERVED,
} from '../hw/vtd/reasons';
import type { FaultEvent } from '../trace/event';
import type { LookupStep } from './batch';

const PERMISSION = 3n;

/** A VT-d fault in one sentence for somebody who does not know the table of reasons. */
export function whyFault(fault: FaultEvent, steps: readonly LookupStep[]): string {
  const what = fault.access === 'read' ? 'reading' : 'writing';
  switch (fault.reason) {
    case NO_READ:
    case NO_WRITE: {
      const last = steps.findLast((step) => step.kind === 'table');
      if (last === undefined || ((last.words[0] ?? 0n) & PERMISSION) === 0n) {
        return `Nothing is mapped at this IOVA: the level ${last?.level ?? 1} entry is empty.`;
      }
      return `The page is mapped, but not for ${what}: the table's permissions do not allow it.`;
    }
    case ROOT_NOT_PRESENT:
      return 'No device of this bus may do DMA: its root entry is not present.';
    case CONTEXT_NOT_PRESENT:
      return 'This device may not do DMA: its context entry is not present, which is how Linux blocks a device.';
    case CONTEXT_INVALID:
      return 'The context entry asks for something that this unit cannot do.';
    case BEYOND_WIDTH:
      return 'The IOVA is wider than the page table that the device uses.';
    case ROOT_ACCESS:
    case CONTEXT_ACCESS:
    case TABLE_ACCESS:
      return 'An entry points to where there is no memory.';
    case ROOT_RESERVED:
    case CONTEXT_RESERVED:
    case TABLE_RESERVED:
      return 'An entry has bits set that must be zero.';
    case INTERRUPT_OUTPUT:
      return 'The table leads into the interrupt address range, where DMA may not go.';
    default:
      return `The unit refused the ${fault.access}: ${fault.name}.`;
  }
}
