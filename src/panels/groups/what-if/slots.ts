import type { Partition } from '../../../engine/sim/partition';
import type { WorldId } from '../../../engine/sim/world';
import { formatAddress } from '../../../scenario/pci-line';
import { freePorts } from '../../../scenario/what-if/free-ports';
import { moveCard } from '../../../scenario/what-if/move-card';

/** What a device would share its group with, were its card in a slot. */
export interface Slot {
  /** The port that the slot is behind; null: where the card is now. */
  readonly port: string | null;
  /** Everyone else in the group, as the machine would be called then; null: the device would have no group. */
  readonly others: readonly WorldId[] | null;
}

/** More would keep a person waiting. */
export const MOST_SLOTS = 12;

/** Tries the card in every free slot, and where it is; the smallest company comes first. */
export async function compareSlots(
  script: string,
  bdf: string,
  groupsOf: (script: string) => Promise<Partition | null>,
): Promise<readonly Slot[]> {
  const slots: Slot[] = [];
  const tried = async (port: string | null, changed: string, now: string): Promise<void> => {
    const partition = await groupsOf(changed);
    if (partition !== null) slots.push({ port, others: othersOf(partition, `dev:${now}`) });
  };
  await tried(null, script, bdf);
  for (const { address } of freePorts(script).slice(0, MOST_SLOTS)) {
    const port = formatAddress(address);
    const moved = moveCard(script, bdf, port);
    if (moved.ok) await tried(port, moved.script, moved.renamed.get(bdf) ?? bdf);
  }
  const size = ({ others }: Slot): number => others?.length ?? Infinity;
  return slots.toSorted((a, b) => size(a) - size(b));
}

function othersOf({ groups }: Partition, id: WorldId): readonly WorldId[] | null {
  const group = groups.find(({ deviceIds }) => deviceIds.includes(id));
  return group?.deviceIds.filter((each) => each !== id) ?? null;
}
