import type { Simulator } from '../../engine/sim/simulator';
import type { WorldId } from '../../engine/sim/world';

/** Frames in a row of an HWPT's page table, with what they hold. */
export interface TableStretch {
  readonly pa: number;
  /** 1 holds only leaves; null: it has none. */
  readonly level: number | null;
  readonly bytes: Uint8Array;
}

/** More than a person compares word by word. */
const MOST_BYTES = 2 ** 21;

/** The memory of an HWPT's tables, highest level first as far as they are told apart. */
export function tablesOf(simulator: Simulator, hwptId: WorldId): readonly TableStretch[] {
  let left = MOST_BYTES;
  const runs = simulator.physical()?.runs ?? [];
  return runs
    .filter(({ use, ownerId }) => use === 'page-table' && ownerId === hwptId)
    .flatMap(({ start, bytes: size, level }): readonly TableStretch[] => {
      const bytes = left < size ? null : simulator.readMemory(start, size);
      if (bytes === null) return [];
      left -= size;
      return [{ pa: start, level, bytes }];
    });
}
