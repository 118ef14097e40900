import { formatBdf } from '../../engine/pci/address';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import type { PciKernelOptions } from '../../engine/pci/kernel-options';
import type { Undecided } from './build-specs';
import { changed, groupsOf, leastIsolating, mostIsolating, type Groups } from './extremes';
import type { CertainGroup, Certainty, UndecidedFunction } from './imported';

/** Between what the groups lie, whatever the text hides. */
export interface Bounds {
  /** What is apart in these is apart for certain. */
  readonly widest: Groups;
  /** What is together in these is together for certain. */
  readonly narrowest: Groups;
}

/**
 * The groups with all that is hidden as it isolates least, and as it isolates most. More isolation never merges groups, so
 * the truth lies between.
 */
export function boundsOf(
  specs: readonly PciFunctionSpec[],
  undecided: ReadonlyMap<string, Undecided>,
  unplaced: ReadonlySet<string>,
  kernel: Partial<PciKernelOptions>,
): Bounds {
  const widest = groupsOf(changed(specs, undecided, leastIsolating), kernel);
  const narrowest =
    undecided.size === 0 ? widest : groupsOf(changed(specs, undecided, mostIsolating), kernel);
  return { widest: withUnplaced(widest, unplaced), narrowest };
}

/** How far the groups follow from the text: from its registers, else from the groups that it shows. */
export function certaintyOf(
  specs: readonly PciFunctionSpec[],
  undecided: ReadonlyMap<string, Undecided>,
  unplaced: ReadonlySet<string>,
  lineOf: ReadonlyMap<string, number>,
  bounds: Bounds,
): Certainty {
  const recorded = recordedGroups(specs);
  const hidden = new Map<string, UndecidedFunction>();
  for (const [address, { what, line }] of undecided) hidden.set(address, { address, what, line });
  for (const { address } of specs) {
    const name = formatBdf(address);
    if (unplaced.has(name)) hidden.set(name, { address: name, what: 'place', line: lineOf.get(name) ?? 1 });
  }
  const deciders = new Deciders(specs, hidden);
  const groups = partsOf(bounds).flatMap(({ functions, parts }) =>
    settle(functions, parts, recorded, deciders),
  );
  const has = (state: CertainGroup['state']): boolean => groups.some((group) => group.state === state);
  return {
    state: has('open') ? 'open' : has('recorded') ? 'recorded' : 'certain',
    groups,
    undecided: [...hidden.values()],
  };
}

/** The numbers that the machine's own kernel gave. */
export function recordedGroups(specs: readonly PciFunctionSpec[]): ReadonlyMap<string, number> {
  const recorded = new Map<string, number>();
  for (const { address, recordedGroup } of specs)
    if (typeof recordedGroup === 'number') recorded.set(formatBdf(address), recordedGroup);
  return recorded;
}

/** Functions of which the text does not tell where they hang could all be behind one bridge that does not isolate. */
function withUnplaced(groups: Groups, unplaced: ReadonlySet<string>): Groups {
  if (unplaced.size === 0) return groups;
  const apart: (readonly string[])[] = [];
  const together = new Map<string, string[]>();
  for (const names of groups) {
    const first = names.find((name) => unplaced.has(name));
    if (first === undefined) apart.push(names);
    else {
      const domain = first.slice(0, first.indexOf(':'));
      const all = together.get(domain) ?? [];
      all.push(...names);
      together.set(domain, all);
    }
  }
  return [...apart, ...together.values()];
}

interface WithParts {
  readonly functions: readonly string[];
  readonly parts: Groups;
}

/** The groups of the wider partition, each with those of the finer one that are within it. */
function partsOf({ widest, narrowest }: Bounds): readonly WithParts[] {
  const wideOf = new Map<string, number>();
  widest.forEach((names, index) => {
    for (const name of names) wideOf.set(name, index);
  });
  const parts: (readonly string[])[][] = widest.map(() => []);
  for (const names of narrowest) {
    const index = wideOf.get(names[0] ?? '');
    if (index !== undefined) parts[index]?.push(names);
  }
  return widest.map((functions, index) => ({ functions, parts: parts[index] ?? [] }));
}

/** What registers leave open, recorded groups may settle. */
function settle(
  functions: readonly string[],
  parts: Groups,
  recorded: ReadonlyMap<string, number>,
  deciders: Deciders,
): readonly CertainGroup[] {
  if (parts.length <= 1) return [{ state: 'certain', functions, parts, decides: [] }];
  const byNumber = new Map<number, string[]>();
  for (const name of functions) {
    const number = recorded.get(name);
    if (number === undefined) continue;
    const names = byNumber.get(number) ?? [];
    names.push(name);
    byNumber.set(number, names);
  }
  const settled: CertainGroup[] = [...byNumber.values()].map((names) => ({
    state: 'recorded',
    functions: names,
    parts: [names],
    decides: [],
  }));
  const rest = functions.filter((name) => !recorded.has(name));
  if (rest.length === 0) return settled;
  const left = new Set(rest);
  const openParts = parts
    .map((names) => names.filter((name) => left.has(name)))
    .filter((names) => names.length > 0);
  // Alone among functions whose groups are known, it may still belong to one of those.
  return [...settled, { state: 'open', functions: rest, parts: openParts, decides: deciders.of(functions) }];
}

/** Which functions of hidden registers a group depends on: its own, and the bridges above them. */
class Deciders {
  private readonly bridgeTo = new Map<string, string>();
  private readonly busOf = new Map<string, string>();

  constructor(
    specs: readonly PciFunctionSpec[],
    private readonly hidden: ReadonlyMap<string, unknown>,
  ) {
    for (const { address, buses } of specs) {
      const name = formatBdf(address);
      this.busOf.set(name, `${address.domain}:${address.bus}`);
      if (buses !== null) this.bridgeTo.set(`${address.domain}:${buses.secondary}`, name);
    }
  }

  of(functions: readonly string[]): readonly string[] {
    const reached = new Set<string>();
    for (const name of functions)
      for (let at: string | undefined = name; at !== undefined && !reached.has(at);) {
        reached.add(at);
        at = this.bridgeTo.get(this.busOf.get(at) ?? '');
      }
    return [...reached].filter((name) => this.hidden.has(name));
  }
}
