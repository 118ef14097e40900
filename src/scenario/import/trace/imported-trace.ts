/** What a recording of calls or events became. */
export interface ImportedTrace {
  readonly kind: TraceKind;
  /** The script: it makes the machine that it needs. */
  readonly lines: readonly string[];
  /** Lines of the text that are of such a recording. */
  readonly recognised: number;
  /** Of them, those that became lines of the script. */
  readonly translated: number;
  /** What was taken for what the text does not tell, and what could not be translated; the first first. */
  readonly remarks: readonly TraceRemark[];
}

export type TraceKind = 'strace' | 'qemu' | 'ftrace';

export interface TraceRemark {
  /** Lines of the text, counted from 1; the first few of many. */
  readonly lines: readonly number[];
  /** How many there are. */
  readonly count: number;
  readonly text: string;
  /** Something is missing in the script; else something was only taken for granted. */
  readonly isLoss: boolean;
}

/** Every call that is asked for, with what the text tells of it. Values of other structures than its own are bytes. */
export interface TraceCall {
  /** Line of the text. */
  readonly line: number;
  /** `IOMMU_IOAS_MAP`, `VFIO_DEVICE_BIND_IOMMUFD`; of a number that has several names all of them. */
  readonly names: readonly string[];
  readonly fd: number;
  /** Null: the text does not show the structure. */
  readonly fields: TraceFields | null;
  /** As it came back, as far as that is shown; else as it went in. */
  readonly out: TraceFields;
  /** The argument where it is no structure: a number, or a word for it. */
  readonly argument: string | null;
  /** Null: it worked; `?`: it failed, and the text does not say how. */
  readonly errno: string | null;
  readonly returned: number;
}

export type TraceValue = bigint | readonly TraceFields[];
export type TraceFields = ReadonlyMap<string, TraceValue>;

export const numberOf = (fields: TraceFields | null, name: string): bigint | null => {
  const value = fields?.get(name);
  return typeof value === 'bigint' ? value : null;
};
