import type { AddressField, LookupPart, WalkStep } from '../../engine/sim/batch';
import { OCCUPANCY, WALK } from '../../words/panels/walk';
import { joinedBits } from './address';

/** The cost of a look-up in a line: which cache helped, and how often memory was read. */
export function summaryOf(part: LookupPart): string {
  const reads = part.steps.filter((step) => step.kind === 'read');
  const tables = reads.filter((step) => step.structure === 'table').length;
  const others = reads.length - tables;
  const hit = (cache: string): boolean =>
    part.steps.some((step) => step.kind === 'cache' && step.structure === cache && step.outcome === 'hit');
  const words = [
    ...(hit('device-tlb') ? [WALK.cost.deviceTlb] : []),
    ...(hit('iotlb') ? [WALK.cost.iotlb] : []),
    ...(others > 0 ? [WALK.cost.structures(others)] : []),
    ...(tables > 0 ? [WALK.cost.tables(tables)] : []),
  ];
  return words.length === 0 ? WALK.cost.none : words.join(' · ');
}

/** How many entries, the one that was read among them, are one leaf together. */
export function runOf({ sizeLg2, outcome, stage }: WalkStep, address: readonly AddressField[]): number {
  // The fields are the first stage's.
  if (sizeLg2 === undefined || outcome !== 'leaf' || stage === 2) return 1;
  const bits = joinedBits(address, sizeLg2);
  return bits > 12 ? 1 : 2 ** bits;
}

export type CellKind = 'empty' | 'table' | 'leaf' | 'malformed';
const CELLS: readonly CellKind[] = ['empty', 'table', 'leaf', 'malformed'];

export const cellKind = (cells: Uint8Array, at: number): CellKind => CELLS[cells[at] ?? 3] ?? 'malformed';

/** Entries of a table by what they are: `5 tables, 300 leaves`. */
export function occupancyText(occupancy: Uint8Array): string {
  const counts = { empty: 0, table: 0, leaf: 0, malformed: 0 };
  for (const cell of occupancy) counts[CELLS[cell] ?? 'malformed']++;
  const words = [
    ...(counts.table > 0 ? [OCCUPANCY.tables(counts.table)] : []),
    ...(counts.leaf > 0 ? [OCCUPANCY.leaves(counts.leaf)] : []),
    ...(counts.malformed > 0 ? [OCCUPANCY.malformed(counts.malformed)] : []),
    OCCUPANCY.empty(counts.empty),
  ];
  return words.join(', ');
}
