import { NO_READ, NO_WRITE, reasonWhy } from '../hw/vtd/reasons';
import type { FaultEvent } from '../trace/event';
import type { LookupStep } from './batch';

const PERMISSION = 3n;

/**
 * A VT-d fault in words; where the reason alone leaves it open, what the walk read tells more. `stale`: the unit went by
 * a cached context entry that memory no longer says, so the tables that people look at are not those it walked.
 */
export function whyFault(fault: FaultEvent, steps: readonly LookupStep[], stale: boolean): string {
  const why = whyRefused(fault, steps);
  return stale ? `${staleContext(fault.device)} ${why}` : why;
}

/** Linux: intel/pasid.c intel_context_flush_no_pasid(), called for every alias by domain_context_clear_one() */
const staleContext = (requester: string): string =>
  `The unit goes by the context entry of ${requester} that it cached before the group moved: that is an alias, and the kernel's invalidation names the device's own requester id.`;

function whyRefused(fault: FaultEvent, steps: readonly LookupStep[]): string {
  if (fault.reason !== NO_READ && fault.reason !== NO_WRITE) return `${sentence(reasonWhy(fault.reason))}.`;
  const last = steps.findLast((step) => step.kind === 'table');
  if (last === undefined || ((last.words[0] ?? 0n) & PERMISSION) === 0n) {
    return `Nothing is mapped at this IOVA: the level ${last?.level ?? 1} entry is empty.`;
  }
  const what = fault.access === 'read' ? 'reading' : 'writing';
  return `The page is mapped, but not for ${what}: the table's permissions do not allow it.`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
