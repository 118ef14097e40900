import {
  acsEnabled,
  acsVerdict,
  explainLeak,
  firstLeakyBridge,
  REQ_ACS_FLAGS,
  type AcsVerdict,
} from '../pci/acs';
import { aliasCandidates, areDmaAliases, forEachDmaAlias } from '../pci/alias';
import type { PciFunction } from '../pci/function';
import {
  acsEvidence,
  aliasEvidence,
  multifunctionEvidence,
  vmdEvidence,
  type Evidence,
} from '../pci/evidence';
import { isAmdIommu, type PciTopology } from '../pci/topology';

/** Which rule put a function into a group that was there before. */
export type GroupRule =
  'dma-alias' | 'acs-bridge' | 'quirk-alias' | 'multifunction' | 'single-group' | 'host-bridge';

export type GroupDecision<G> =
  | {
      readonly kind: 'join';
      readonly group: G;
      /** The function whose group it is. */
      readonly via: PciFunction;
      readonly rule: GroupRule;
      /** A sentence that names both and the register that decides. */
      readonly why: string;
      /** What the rule looked at, nearest first. */
      readonly evidence: readonly Evidence[];
    }
  | { readonly kind: 'new' };

/** The group that a function is in already. */
export type GroupOf<G> = (fn: PciFunction) => G | null;

interface Found<G> {
  readonly group: G;
  readonly via: PciFunction;
}

/**
 * Which group a function that is just being added belongs to.
 *
 * Linux: drivers/iommu/iommu.c pci_device_group()
 */
export function decideGroup<G>(fn: PciFunction, groupOf: GroupOf<G>): GroupDecision<G> {
  // 1. Everything that speaks with the requester id of another cannot be told apart from it.
  let last = fn;
  let aliased: Found<G> | null = null;
  forEachDmaAlias(fn, (at) => {
    last = at;
    const group = at === fn ? null : groupOf(at);
    if (group !== null) aliased = { group, via: at };
    return group !== null;
  });
  const byAlias = aliased as Found<G> | null;
  if (byAlias !== null)
    return join(byAlias, 'dma-alias', whyAlias(fn, byAlias.via), [whoAliases(fn, byAlias.via)]);

  // 2. Upward to where ACS keeps traffic apart on the whole way to the root.
  const granule = last;
  let leaky: PciFunction | null = null;
  for (let bus = granule.bus; bus.parent !== null; bus = bus.parent) {
    const bridge = bus.self;
    if (bridge === null) continue; // the virtual bus of virtual functions
    const leak = firstLeakyBridge(bridge, REQ_ACS_FLAGS);
    if (leak === null) break;
    leaky = leak;
    last = bridge;
    const group = groupOf(bridge);
    if (group !== null)
      return join({ group, via: bridge }, 'acs-bridge', whyBridge(fn, bridge, leak), onTheWay(bridge, leak));
  }

  // 3. Others of its bus that share a requester id, then functions of the same device that do not isolate.
  const seen: Seen = { aliases: new Set(), siblings: new Set() };
  const below = last === fn ? '' : `${whyBelow(fn, last, leaky)}; `;
  const way = last === fn ? [] : leaky === null ? [whoAliases(fn, last)] : onTheWay(last, leaky);
  const sharer = aliasGroup(last, groupOf, seen);
  if (sharer !== null)
    return join(sharer, 'quirk-alias', below + whyQuirkAlias(last, sharer.via), [
      ...way,
      ...sharing(last, sharer.via),
    ]);
  const sibling = siblingGroup(last, groupOf, seen);
  if (sibling !== null)
    return join(sibling, 'multifunction', below + whySibling(last, sibling.via), [
      ...way,
      multifunctionEvidence(last),
      acsEvidence(last, REQ_ACS_FLAGS),
      acsEvidence(sibling.via, REQ_ACS_FLAGS),
    ]);
  return { kind: 'new' };
}

/** Whose requester id `fn` speaks with. */
const whoAliases = (fn: PciFunction, at: PciFunction): Evidence =>
  at === fn.bus.topology.realDmaDevice(fn) && at !== fn ? vmdEvidence(at) : aliasEvidence(at);

/** A bridge and, where that is another, the one above it that leaks. */
const onTheWay = (bridge: PciFunction, leak: PciFunction): readonly Evidence[] =>
  (leak === bridge ? [bridge] : [bridge, leak]).map((one) => acsEvidence(one, REQ_ACS_FLAGS));

/** Of two that share requester ids, whichever is known for it. */
const sharing = (fn: PciFunction, via: PciFunction): readonly Evidence[] => {
  const known = [fn, via].filter((one) => one.dmaAliasMask !== null);
  return (known.length > 0 ? known : [via]).map(aliasEvidence);
};

const join = <G>(
  found: Found<G>,
  rule: GroupRule,
  why: string,
  evidence: readonly Evidence[],
): GroupDecision<G> => ({
  kind: 'join',
  group: found.group,
  via: found.via,
  rule,
  why,
  evidence,
});

/** Where the search has been, by devfn. */
interface Seen {
  /** Entered: ends loops of functions that alias each other. Linux: the `devfns` bitmap */
  readonly aliases: Set<number>;
  /** Left without a find: all whom another look could ask have been entered. */
  readonly siblings: Set<number>;
}

/** Linux: iommu.c get_pci_alias_group() */
function aliasGroup<G>(fn: PciFunction, groupOf: GroupOf<G>, seen: Seen): Found<G> | null {
  if (seen.aliases.has(fn.address.devfn)) return null;
  seen.aliases.add(fn.address.devfn);
  const group = groupOf(fn);
  if (group !== null) return { group, via: fn };
  for (const other of aliasCandidates(fn)) {
    if (other === fn || !areDmaAliases(fn, other)) continue;
    const found = aliasGroup(other, groupOf, seen) ?? siblingGroup(other, groupOf, seen);
    if (found !== null) return found;
  }
  return null;
}

/** Linux: iommu.c get_pci_function_alias_group() */
function siblingGroup<G>(fn: PciFunction, groupOf: GroupOf<G>, seen: Seen): Found<G> | null {
  if (seen.siblings.has(fn.address.devfn)) return null;
  if (fn.multifunction && !acsEnabled(fn, REQ_ACS_FLAGS)) {
    for (const other of fn.bus.slots.get(fn.slot) ?? []) {
      if (other === fn || acsEnabled(other, REQ_ACS_FLAGS)) continue;
      const found = aliasGroup(other, groupOf, seen);
      if (found !== null) return found;
    }
  }
  seen.siblings.add(fn.address.devfn);
  return null;
}

function whyAlias(fn: PciFunction, at: PciFunction): string {
  const both = `${fn.shortName} and ${at.shortName}`;
  if (at === fn.bus.topology.realDmaDevice(fn) && at !== fn)
    return `${both}: behind the VMD all DMA carries the VMD's requester id, so the IOMMU cannot tell them apart`;
  return at.isPcie
    ? `${both}: the PCIe-to-PCI bridge ${at.shortName} puts its own requester id on what comes from below, so its children cannot be told apart`
    : `${both}: ${at.shortName} has no PCI Express capability; on a conventional bus requests carry no requester id of their own, so its children cannot be told apart`;
}

function whyBridge(fn: PciFunction, bridge: PciFunction, leak: PciFunction): string {
  return leak === bridge
    ? `${fn.shortName} and ${bridge.shortName}: ${explainLeak(leak, REQ_ACS_FLAGS)}, so what is below it is not kept apart`
    : `${fn.shortName} and ${bridge.shortName}: ${bridge.shortName} isolates, but above it ${explainLeak(leak, REQ_ACS_FLAGS)}, and isolation counts only on the whole way to the root`;
}

function whyBelow(fn: PciFunction, last: PciFunction, leaky: PciFunction | null): string {
  return leaky === null
    ? `${fn.shortName} speaks with the requester id of ${last.shortName}`
    : `${fn.shortName} goes with ${last.shortName}, as ${explainLeak(leaky, REQ_ACS_FLAGS)}`;
}

const whyQuirkAlias = (fn: PciFunction, via: PciFunction): string =>
  fn === via
    ? `${fn.shortName} has a group already`
    : `${fn.shortName} and ${via.shortName}: one is known to send DMA with the other's requester id`;

function whySibling(fn: PciFunction, via: PciFunction): string {
  const grounds = [fn, via].map((one) => acsVerdict(one, REQ_ACS_FLAGS).ground);
  const both = (ground: AcsVerdict['ground']): boolean => grounds.every((one) => one === ground);
  const because = both('conventional')
    ? 'neither is PCI Express, so neither can have ACS'
    : both('no-capability')
      ? 'neither has an ACS capability'
      : `${explainLeak(fn, REQ_ACS_FLAGS)}, and ${explainLeak(via, REQ_ACS_FLAGS)}`;
  return `${fn.shortName} and ${via.shortName} are functions of one device, which may pass requests among themselves: ${because}`;
}

/**
 * Why Linux gives a function no group on any machine like this one; null when it gives one. The tables that say which
 * functions an IOMMU covers (DMAR, IVRS, VIOT) are not in PCI space, so what the dump shows comes first.
 */
export function whyUngrouped(fn: PciFunction): string | null {
  if (fn.spec.iommu === 'none') return `no IOMMU has ${fn.name} in its scope`;
  if (fn.spec.recordedGroup === 'none') return 'no group in the dump: no IOMMU of that machine covers it';
  // A recorded number is proof of cover.
  if (fn.spec.recordedGroup !== null) return null;
  if (isAmdIommu(fn))
    return 'an AMD IOMMU does not translate for itself: its IVRS entry covers what comes after it';
  // IVRS ranges start after the IOMMU function; on real machines the root complex before it shares its slot.
  const iommu = fn.bus.slots.get(fn.slot)?.find(isAmdIommu);
  return iommu !== undefined && fn.fn < iommu.fn
    ? `the IVRS entry of the AMD IOMMU ${iommu.shortName} covers only what comes after it`
    : null;
}

export interface TopologyGroup {
  /** Position in the order of making, which is Linux's number on most machines. */
  readonly id: number;
  readonly functions: PciFunction[];
  readonly joins: {
    readonly fn: PciFunction;
    readonly via: PciFunction;
    readonly rule: GroupRule;
    readonly why: string;
    readonly evidence: readonly Evidence[];
  }[];
}

/** Groups a whole machine as a cold boot does: all functions first, then each in the order of its finding. */
export function groupTopology(topology: PciTopology): {
  readonly groups: readonly TopologyGroup[];
  readonly ungrouped: readonly { readonly fn: PciFunction; readonly why: string }[];
} {
  const order = topology.scanOrder();
  for (const fn of order) topology.finishSlotScan(fn);
  const groups: TopologyGroup[] = [];
  const ungrouped: { fn: PciFunction; why: string }[] = [];
  const groupOf = new Map<PciFunction, TopologyGroup>();
  for (const fn of order) {
    const outside = whyUngrouped(fn);
    if (outside !== null) {
      ungrouped.push({ fn, why: outside });
      continue;
    }
    const decision = decideGroup(fn, (other) => groupOf.get(other) ?? null);
    let group: TopologyGroup;
    if (decision.kind === 'join') {
      const { via, rule, why, evidence } = decision;
      group = decision.group;
      group.joins.push({ fn, via, rule, why, evidence });
    } else {
      group = { id: groups.length, functions: [], joins: [] };
      groups.push(group);
    }
    group.functions.push(fn);
    groupOf.set(fn, group);
  }
  return { groups, ungrouped };
}
