import type { GroupJoin, WorldId } from './world';

/** Who is grouped with whom on a machine, for comparing it before and after a change. */
export interface Partition {
  readonly groups: readonly PartitionGroup[];
  readonly ungrouped: readonly { readonly deviceId: WorldId; readonly why: string }[];
  /** The first line that could not be run, in words; null: all ran. */
  readonly problem: string | null;
}

export interface PartitionGroup {
  readonly number: number;
  readonly deviceIds: readonly WorldId[];
  readonly joins: readonly GroupJoin[];
}
