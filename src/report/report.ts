import type { JoinEvidence, WorldId } from '../engine/sim/world';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';

/** What a report tells, as plain data: the page, the saved file and the Markdown are three ways of saying it. */
export interface MachineReport {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly summary: string;
  /** Of several devices. */
  readonly shared: readonly GroupReport[];
  /** Of one device that is no bridge. */
  readonly single: readonly GroupReport[];
  /** Of one bridge. */
  readonly bridges: readonly GroupReport[];
  readonly ungrouped: readonly { readonly member: Member; readonly why: string }[];
  /** Null: nothing is known of a text that it was read from. */
  readonly findings: Findings | null;
  /** More groups than are tried one by one. */
  readonly untried: boolean;
}

export interface Fact {
  readonly name: string;
  readonly values: readonly string[];
  /** As it stands in a file, a register or on a command line. */
  readonly literal?: true;
}

export interface Member {
  readonly id: WorldId;
  /** `01:00.0` */
  readonly address: string;
  readonly name: string;
  readonly className: string;
  /** `10de:1b80`; null: the text that it came from has names alone. */
  readonly ids: string | null;
  readonly driver: string | null;
  readonly isBridge: boolean;
  /** Of the chipset, host bridges among it: nobody gives these to a VM, though VFIO would. */
  readonly isChipset: boolean;
}

export interface GroupReport {
  readonly id: WorldId;
  readonly number: number;
  readonly members: readonly Member[];
  readonly joins: readonly Join[];
  /** Null: no device of it can go to a VM, or none was tried. */
  readonly verdict: PassthroughVerdict | null;
  /** What native drivers hold; bridges' do not count. */
  readonly held: readonly { readonly address: string; readonly driver: string }[];
  /** Null: as all groups have it. */
  readonly defaultType: string | null;
  /** Null: the kernel's drivers, or nobody. */
  readonly owner: string | null;
  /** Beside what is reserved for all groups. */
  readonly reserved: readonly string[];
  readonly mismatches: readonly string[];
  /** Null: not tried, or there is nothing to part. */
  readonly partings: readonly Parting[] | null;
}

export interface Join {
  /** Several, where all came in for the same reason. */
  readonly devices: readonly string[];
  readonly other: string;
  /** By which rule, for people. */
  readonly rule: string;
  readonly why: string;
  readonly evidence: readonly Evidence[];
  /** Functions of the kernel that decide it. */
  readonly decidedBy: readonly string[];
}

export type Evidence = Pick<JoinEvidence, 'where' | 'what'> & { readonly address: string };

/** Something that parts a group, as it came out on a copy. */
export type Parting =
  | {
      readonly kind: 'boot';
      readonly word: string;
      readonly cost: string;
      /** The group as it falls apart. */
      readonly parts: readonly (readonly string[])[];
    }
  | {
      readonly kind: 'move';
      readonly device: string;
      readonly port: string;
      /** Who is in its group then. */
      readonly others: readonly string[];
    };

/** What an import said of the text that the machine was read from. */
export interface Findings {
  readonly from: string;
  readonly sources: readonly string[];
  readonly iommu: string;
  readonly certainty: string;
  readonly lists: readonly { readonly title: string; readonly items: readonly string[] }[];
  readonly asks: readonly { readonly command: string; readonly why: string }[];
}

/** What was asked of the engine beyond the world. */
export interface Tried {
  readonly verdicts: ReadonlyMap<WorldId, PassthroughVerdict>;
  readonly partings: ReadonlyMap<WorldId, readonly Parting[]>;
}

export const NOTHING_TRIED: Tried = { verdicts: new Map(), partings: new Map() };

/** With more, a try for each would take minutes. */
export const MOST_TRIED = 150;
