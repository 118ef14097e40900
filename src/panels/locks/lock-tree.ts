import type { LockEvent, TraceEvent } from '../../engine/trace/event';

/** A lock with what happened while it was held, or something that happened. */
export type LockNode = HeldNode | WaitNode | OtherNode;

export interface HeldNode {
  readonly kind: 'held';
  readonly lock: string;
  readonly of: string | null;
  readonly shared: boolean;
  readonly task: string | null;
  /** It was let go within these events. */
  readonly released: boolean;
  readonly inside: readonly LockNode[];
}

export interface WaitNode {
  readonly kind: 'wait';
  readonly lock: string;
  readonly task: string | null;
  readonly heldBy: readonly string[];
}

/** Everything between two locks that is worth a word. */
export interface OtherNode {
  readonly kind: 'other';
  readonly events: readonly TraceEvent[];
}

interface Open extends HeldNode {
  released: boolean;
  readonly inside: LockNode[];
}

/**
 * Locks as a tree: what is taken under a lock stands inside it. Each task has its own stack; one that is let go before
 * those taken under it ends alone, they stay where they are.
 */
export function lockTree(
  events: readonly TraceEvent[],
  isWorthy: (event: TraceEvent) => boolean,
): readonly LockNode[] {
  const roots: LockNode[] = [];
  const stacks = new Map<string | null, Open[]>();
  let last: string | null = null;
  const placeOf = (task: string | null): LockNode[] => stacks.get(task)?.at(-1)?.inside ?? roots;

  for (const event of events) {
    if (event.kind !== 'lock') {
      if (isWorthy(event)) addOther(placeOf(last), event);
      continue;
    }
    last = event.task ?? null;
    const stack = stacks.get(last) ?? [];
    stacks.set(last, stack);
    if (event.op === 'release') letGo(stack, event);
    else if (event.op === 'wait') placeOf(last).push(waitNode(event));
    else {
      const open: Open = { ...held(event), released: false, inside: [] };
      placeOf(last).push(open);
      stack.push(open);
    }
  }
  return roots;
}

const held = ({ lock, of, shared, task }: LockEvent) => ({
  kind: 'held' as const,
  lock,
  of: of ?? null,
  shared: shared === true,
  task: task ?? null,
});

const waitNode = ({ lock, task, heldBy }: LockEvent): WaitNode => ({
  kind: 'wait',
  lock,
  task: task ?? null,
  heldBy: heldBy ?? [],
});

function letGo(stack: Open[], { lock, of }: LockEvent): void {
  const at = stack.findLastIndex((open) => open.lock === lock && (of === undefined || open.of === of));
  const open = stack[at];
  if (open === undefined) return; // taken before these events began
  open.released = true;
  stack.splice(at, 1);
}

function addOther(place: LockNode[], event: TraceEvent): void {
  const before = place.at(-1);
  if (before?.kind === 'other')
    place[place.length - 1] = { kind: 'other', events: [...before.events, event] };
  else place.push({ kind: 'other', events: [event] });
}
