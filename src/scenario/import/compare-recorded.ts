import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { recordedGroups, type Bounds } from './certainty';
import type { Groups } from './extremes';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/** So many differences are told; more are the same one over and over. */
const MOST = 20;

interface Difference {
  readonly a: string;
  readonly b: string;
}

/**
 * Where the groups that the machine's own kernel made cannot come of the registers in the text: another kernel's rules, a
 * changed command line, bits set since, or a text of two moments. And where they can, but the machine shown has others.
 */
export function compareWithRecorded(
  specs: readonly PciFunctionSpec[],
  { widest, narrowest }: Bounds,
  shown: Groups,
  lineOf: ReadonlyMap<string, number>,
  warnings: Warnings,
): void {
  const recorded = recordedGroups(specs);
  if (recorded.size === 0) return;
  const line = (name: string): number => lineOf.get(name) ?? 1;
  const settled = new Set<string>();
  for (const { a, b } of splitIn(narrowest, recorded).slice(0, MOST)) {
    settled.add(a);
    warnings.contradiction(
      [line(a), line(b)],
      says.isInIommuGroup(recorded.get(a), short(b), recorded.get(b)),
      short(a),
    );
  }
  for (const { a, b } of joinedOver(widest, recorded).slice(0, MOST)) {
    settled.add(a);
    warnings.contradiction(
      [line(a), line(b)],
      says.andAreBothInIommuGroup(short(b), recorded.get(a)),
      short(a),
    );
  }
  for (const { a } of [...splitIn(shown, recorded), ...joinedOver(shown, recorded)])
    if (!settled.has(a))
      warnings.gap(line(a), says.theMachineShownGroupsOtherwise, short(a), 'sudo lspci -vvvnnxxxx');
}

/** Together in the partition, but of two recorded numbers. */
function splitIn(partition: Groups, recorded: ReadonlyMap<string, number>): readonly Difference[] {
  const found: Difference[] = [];
  for (const names of partition) {
    const known = names.filter((name) => recorded.has(name));
    const [first] = known;
    const other = known.find((name) => recorded.get(name) !== recorded.get(first ?? ''));
    if (first !== undefined && other !== undefined) found.push({ a: other, b: first });
  }
  return found;
}

/** Of one recorded number, but in two groups of the partition. */
function joinedOver(partition: Groups, recorded: ReadonlyMap<string, number>): readonly Difference[] {
  const groupOf = new Map<string, number>();
  partition.forEach((names, index) => {
    for (const name of names) groupOf.set(name, index);
  });
  const firstOf = new Map<number, string>();
  const found: Difference[] = [];
  for (const [name, number] of recorded) {
    if (!groupOf.has(name)) continue;
    const first = firstOf.get(number);
    if (first === undefined) firstOf.set(number, name);
    else if (groupOf.get(first) !== groupOf.get(name)) found.push({ a: name, b: first });
  }
  return found;
}

const short = (name: string): string => name.replace(/^0000:/, '');
