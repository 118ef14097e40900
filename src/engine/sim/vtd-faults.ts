import { NO_READ, NO_WRITE, reasonWhy } from '../hw/vtd/reasons';
import type { FaultEvent } from '../trace/event';
import type { LookupStep } from './batch';

const PERMISSION = 3n;

/** A VT-d fault in one sentence; where the reason alone leaves it open, what the walk read tells more. */
export function whyFault(fault: FaultEvent, steps: readonly LookupStep[]): string {
  if (fault.reason !== NO_READ && fault.reason !== NO_WRITE) return `${sentence(reasonWhy(fault.reason))}.`;
  const last = steps.findLast((step) => step.kind === 'table');
  if (last === undefined || ((last.words[0] ?? 0n) & PERMISSION) === 0n) {
    return `Nothing is mapped at this IOVA: the level ${last?.level ?? 1} entry is empty.`;
  }
  const what = fault.access === 'read' ? 'reading' : 'writing';
  return `The page is mapped, but not for ${what}: the table's permissions do not allow it.`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
