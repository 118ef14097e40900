import type { TableOfStep } from '../../engine/hw/common/view';
import type { Field } from '../../engine/hw/common/fields';
import type { Lookup, WalkStep } from '../../engine/sim/batch';
import type { WorldId } from '../../engine/sim/world';

/** So many of the latest look-ups are asked. */
const LATEST = 500;

/** How to ask an IOMMU what a word of a table means: as it read others of that table. */
export interface TableReading {
  readonly unitId: WorldId;
  readonly table: TableOfStep;
  readonly index: number;
}

/** Whose table a word is in, as far as that is known. */
export interface TableAt {
  readonly pa: number;
  readonly hwptId: WorldId | null;
  /** 1 holds only leaves. */
  readonly level: number | null;
}

const isTable = ({ structure, pa, index }: WalkStep): boolean =>
  structure === 'table' && pa !== null && index !== null;

/** Entries of two-level tables for 32 bits are half as long. */
const entryBytes = ({ reading = '' }: WalkStep): number => (reading.startsWith('Sv32') ? 4 : 8);
const pageBytes = ({ reading = '' }: WalkStep): number =>
  2 ** Number(/granule (\d+)/.exec(reading)?.[1] ?? 12);

/**
 * How the hardware reads the word there: a look-up read an entry of the same page, or one of the same HWPT's tables. Null:
 * nothing went through these tables yet.
 */
export function readingOf(lookups: readonly Lookup[], at: TableAt): TableReading | null {
  let kin: TableReading | null = null;
  for (const { parts, iommuId, hwptId } of lookups.slice(-LATEST).reverse()) {
    if (iommuId === null) continue;
    for (const step of parts.flatMap(({ steps }) => steps)) {
      if (!isTable(step) || step.pa === null || step.index === null) continue;
      const bytes = entryBytes(step);
      const page = Math.floor(at.pa / pageBytes(step)) * pageBytes(step);
      if (step.pa >= page && step.pa < page + pageBytes(step))
        return { unitId: iommuId, table: plain(step), index: step.index + (at.pa - step.pa) / bytes };
      if (kin !== null || at.level === null || hwptId === null || hwptId !== at.hwptId || step.stage === 2)
        continue;
      const table = { ...plain(step), level: at.level, pa: page, index: 0 };
      kin = { unitId: iommuId, table, index: (at.pa - page) / bytes };
    }
  }
  return kin;
}

const plain = ({ occupancy: _occupancy, words: _words, fields: _fields, ...table }: WalkStep): TableOfStep =>
  table;

/** Physical addresses that an entry's fields lead to, in order. Those of a guest are another matter. */
export function pointersOf(fields: readonly Pick<Field, 'meaning'>[]): readonly number[] {
  const found = fields.flatMap(({ meaning }) =>
    meaning.includes('guest')
      ? []
      : [...meaning.matchAll(/\b0x[0-9a-f]{3,13}\b/gi)].map(([digits]) => Number(digits)),
  );
  return [...new Set(found)].filter((pa) => pa > 0);
}
