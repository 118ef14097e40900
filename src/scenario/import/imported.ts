import * as says from '../../words/scenario/import';

/** Lines of the pasted text, counted from 1, both included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** What a text came to. */
export type Imported = ImportedMachine | { readonly status: 'failed'; readonly why: string };

export interface ImportedMachine extends Findings {
  readonly status: 'ok';
  /** The script: one `machine`, its units, one `pci` a function, what is reserved, and `boot`. */
  readonly lines: readonly string[];
  readonly functions: number;
  /** All of `contradictions`, `gaps` and `remarks` as sentences, each with where: `line 312: …`. */
  readonly warnings: readonly string[];
}

/** All that is to be said about a text beside the machine that it became. */
export interface Findings {
  /** What was recognised, in the order of its first lines. */
  readonly sources: readonly ImportSource[];
  readonly iommu: ImportedIommu;
  /** Where two places of the text, or the text and Linux's rules, disagree; each says what was taken. */
  readonly contradictions: readonly Finding[];
  /** What the text does not tell, and what was taken instead. */
  readonly gaps: readonly Gap[];
  /** The rest of `warnings`: those that are in neither list. */
  readonly remarks: readonly Finding[];
  readonly certainty: Certainty;
  /** What to run next, the most telling first; empty: nothing is missing. */
  readonly ask: readonly Ask[];
  /** Lines that nothing understood, neighbours in one range. */
  readonly notUnderstood: readonly LineRange[];
}

export type SourceKind =
  'lspci' | 'lspci-tree' | 'group-listing' | 'sysfs' | 'kernel-log' | 'cmdline' | 'acpi' | 'command';

export interface ImportSource {
  readonly kind: SourceKind;
  /** For people: `lspci`, `kernel log` … */
  readonly title: string;
  readonly firstLine: number;
  /** How many lines of the text are of this kind. */
  readonly lines: number;
}

/** Which IOMMU the machine is given, and on what ground. */
export interface ImportedIommu {
  readonly kind: 'vtd' | 'amd' | 'smmuv3' | 'riscv';
  /** The text says so itself; else it is concluded, or only the model's default. */
  readonly told: boolean;
  /** One sentence without its full stop. */
  readonly why: string;
  /** Units of the machine as its own kernel names them: `dmar0`, `ivhd0`, `arm-smmu-v3.0.auto`. */
  readonly units: readonly string[];
}

export interface Finding {
  /** A sentence without its full stop. */
  readonly text: string;
  readonly lines: readonly number[];
  /** `0000:01:00.0` of the functions that it is about; empty: the whole machine. */
  readonly functions: readonly string[];
}

export interface Gap extends Finding {
  /** The command that would tell; null: none. */
  readonly ask: string | null;
}

export interface Ask {
  readonly command: string;
  /** A sentence without its full stop. */
  readonly why: string;
}

/** How far the groups follow from the text. */
export interface Certainty {
  /**
   * `certain`: registers decide every group. `recorded`: what they leave open is taken from the groups that the machine's
   * own kernel made. `open`: some of it is decided by nothing in the text.
   */
  readonly state: 'certain' | 'recorded' | 'open';
  /** Every function that has a group is in exactly one of these. */
  readonly groups: readonly CertainGroup[];
  /** Functions of which the text hides what decides. */
  readonly undecided: readonly UndecidedFunction[];
}

export interface CertainGroup {
  readonly state: 'certain' | 'recorded' | 'open';
  /** All that can be in one group; whatever is in another of the list is apart from these for certain. */
  readonly functions: readonly string[];
  /**
   * What is together for certain. One part: the whole group is; several: they may be groups of their own, or one. In an
   * open group beside recorded ones: functions of which no number is recorded; they may belong to one of those, too.
   */
  readonly parts: readonly (readonly string[])[];
  /** The functions whose unknown registers decide; empty unless `open`. */
  readonly decides: readonly string[];
}

export interface UndecidedFunction {
  /** `0000:00:1c.0` */
  readonly address: string;
  /** What the text hides of it: ACS; its kind too; the bridge above it too; or the multifunction bit of its header. */
  readonly what: 'acs' | 'kind-and-acs' | 'place' | 'multifunction';
  readonly line: number;
}

/** Nothing found: for tests and for machines that need no text. */
export const NO_FINDINGS: Findings = {
  sources: [],
  iommu: { kind: 'vtd', told: false, why: says.nothingTells, units: [] },
  contradictions: [],
  gaps: [],
  remarks: [],
  certainty: { state: 'certain', groups: [], undecided: [] },
  ask: [],
  notUnderstood: [],
};
