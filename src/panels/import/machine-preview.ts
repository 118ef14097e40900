import type { Partition } from '../../engine/sim/partition';
import { MachineText } from '../../scenario/what-if/machine-text';
import { firmAndName } from '../../store/object-words';

/** What a script says of its functions, as far as people ask for it. */
export interface NamedFunction {
  /** `0000:01:00.0` */
  readonly bdf: string;
  /** What it is, without its firm; null: nobody gave it a name. */
  readonly name: string | null;
  readonly isBridge: boolean;
  /** Its group on the machine that the text is of; null: not told. */
  readonly recorded: number | 'none' | null;
}

export interface ReadMachine {
  readonly title: string | null;
  readonly functions: ReadonlyMap<string, NamedFunction>;
}

export function readMachine(lines: readonly string[]): ReadMachine {
  const text = new MachineText(lines.join('\n'));
  const functions = new Map<string, NamedFunction>();
  for (const { name: bdf, spec } of text.functions)
    functions.set(bdf, {
      bdf,
      name: spec.label === null ? null : firmAndName(spec.label).name,
      isBridge: spec.classCode >> 16 === BRIDGE,
      recorded: spec.recordedGroup,
    });
  const machine = text.lines.find(({ statement }) => statement?.verb === 'machine')?.statement;
  const title = machine?.args.find(({ kind }) => kind === 'string');
  return { title: title?.kind === 'string' ? title.text : null, functions };
}

/** What opens, before it is opened. */
export interface MachinePreview {
  readonly groups: number;
  /** The largest first; none of one function. */
  readonly largest: readonly PreviewGroup[];
  /** Groups of more than one function that are not in `largest`. */
  readonly moreShared: number;
  readonly ungrouped: readonly { readonly bdf: string; readonly why: string }[];
  readonly recorded: RecordedComparison | null;
  /** The first line that could not be run. */
  readonly problem: string | null;
}

export interface PreviewGroup {
  readonly number: number;
  /** Bridges last: people know their devices. */
  readonly members: readonly NamedFunction[];
}

/** The groups that open beside those that the text records. */
export interface RecordedComparison {
  /** How many groups the text records. */
  readonly groups: number;
  /** Functions of a recorded group that are with others now. */
  readonly moved: readonly string[];
}

const BRIDGE = 0x06;
const LARGEST = 3;

export function previewMachine({ functions }: ReadMachine, partition: Partition): MachinePreview {
  const groups = partition.groups
    .map(({ number, deviceIds }) => ({ number, members: deviceIds.map((id) => named(functions, id)) }))
    .filter(({ members }) => members.length > 0);
  const shared = groups
    .filter(({ members }) => members.length > 1)
    .toSorted((a, b) => b.members.length - a.members.length || a.number - b.number);
  return {
    groups: groups.length,
    largest: shared.slice(0, LARGEST).map(({ number, members }) => ({
      number,
      members: members.toSorted((a, b) => Number(a.isBridge) - Number(b.isBridge)),
    })),
    moreShared: Math.max(0, shared.length - LARGEST),
    ungrouped: partition.ungrouped.map(({ deviceId, why }) => ({ bdf: bdfOf(deviceId), why })),
    recorded: compareRecorded(groups),
    problem: partition.problem,
  };
}

/** Only functions with a recorded number count: a listing may hold a part of the machine. */
function compareRecorded(
  groups: readonly { readonly members: readonly NamedFunction[] }[],
): RecordedComparison | null {
  const recorded = new Map<number, string[]>();
  const moved = new Set<string>();
  for (const { members } of groups)
    for (const { bdf, recorded: number } of members)
      if (typeof number === 'number') recorded.set(number, [...(recorded.get(number) ?? []), bdf]);
  if (recorded.size === 0) return null;
  for (const { members } of groups) {
    const known = members.filter((member) => typeof member.recorded === 'number');
    const here = new Set(known.map(({ bdf }) => bdf));
    const first = known[0]?.recorded;
    const joined = known.some((member) => member.recorded !== first);
    for (const { bdf, recorded: number } of known) {
      const before = recorded.get(Number(number)) ?? [];
      if (joined || before.some((other) => !here.has(other))) moved.add(bdf);
    }
  }
  return { groups: recorded.size, moved: [...moved].toSorted() };
}

const bdfOf = (id: string): string => id.replace(/^dev:/, '');

const named = (functions: ReadonlyMap<string, NamedFunction>, id: string): NamedFunction =>
  functions.get(bdfOf(id)) ?? { bdf: bdfOf(id), name: null, isBridge: false, recorded: null };
