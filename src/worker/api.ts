import type { UnitView } from '../engine/hw/common/view';
import type { Errno } from '../engine/kernel/errno';
import type { DefectNote } from '../engine/iommufd/defects';
import type { SysfsDir } from '../engine/iommu/sysfs';
import type { LockdepReport, LockEdge } from '../engine/kernel/lockdep';
import type { KernelLines } from '../engine/sim/kernel-lines/decode';
import type { LineResult, StepBatch } from '../engine/sim/batch';
import type { Partition } from '../engine/sim/partition';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import type { IoctlEvent } from '../engine/trace/event';
import type { IoctlCall } from '../engine/uapi/strace';
import type { Imported } from '../scenario/import/import-machine';
import type { WorldId } from '../engine/sim/world';

/** Grows when a message changes its meaning; page and worker of different builds refuse each other. */
export const API_VERSION = 1;

/** Everything survives structuredClone; failures are data. */
export interface EngineApi {
  /** Starts over: runs the first `cursor` lines of the script (all when null). */
  load(script: string, cursor: number | null): Promise<RunReply>;
  /** Runs more lines after the last; nothing is kept of lines that make no sense (`error`). */
  append(lines: readonly string[]): Promise<RunReply>;
  /** Where a device's edge may be dropped, and the reason against every other place. Changes nothing. */
  targets(deviceId: WorldId): Promise<readonly Target[]>;
  /** Runs lines on a copy: what would happen. */
  tryLines(lines: readonly string[]): Promise<readonly LineResult[]>;
  /** Groups of another script's machine after its lines; a line that fails is told, and the rest is run. */
  partition(script: string): Promise<Partition>;
  /** What stands between a device and a VM; null where no such device is, or no kernel runs yet. */
  passthrough(deviceId: WorldId): Promise<PassthroughVerdict | null>;
  /** Physical memory; null where no frame is. */
  readMemory(pa: number, bytes: number): Promise<Uint8Array | null>;
  /** Registers, queues and caches of an IOMMU as they are now; null where there is no such. */
  hardware(unitId: WorldId): Promise<UnitView | null>;
  /** Calls of programs as strace prints them, and their structures field by field. */
  describeIoctls(calls: readonly IoctlEvent[]): Promise<readonly IoctlCall[]>;
  /** /sys as far as this machine has it; null before the kernel runs. */
  sysfs(): Promise<SysfsDir | null>;
  /** Every order in which locks were taken so far, and what the validator says of them. */
  lockOrder(): Promise<LockOrder>;
  /** What the kernel's iommufd does that it should not, and what this engine does instead. */
  defects(): Promise<readonly DefectNote[]>;
  /** Text that people paste → script lines, with what was not understood. */
  importText(text: string): Promise<ImportReply>;
  /** Kernel lines about IOMMUs in text that people paste: what each says. Changes nothing. */
  decodeLines(text: string): Promise<KernelLines>;
}

export type RunReply =
  { readonly status: 'ok'; readonly batch: StepBatch } | { readonly status: 'failed'; readonly why: string };

export interface Target {
  readonly targetId: WorldId;
  readonly action: 'attach' | 'replace';
  readonly ok: boolean;
  /** The lines that the drop would append. */
  readonly lines: readonly string[];
  readonly errno: Errno | null;
  readonly why: string | null;
  readonly rule: string | null;
  readonly culprit: WorldId | null;
}

export interface LockOrder {
  readonly edges: readonly LockEdge[];
  readonly reports: readonly LockdepReport[];
}

/** Lines of a script, or why none could be made. */
export type ImportReply = Imported;

/** First message of the worker, before any call is answered: calls made earlier would be lost. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly apiVersion: number;
}
