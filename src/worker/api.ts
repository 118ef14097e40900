import type { TableOfStep, UnitView, WalkStep } from '../engine/hw/common/view';
import type { Errno } from '../engine/kernel/errno';
import type { DefectNote } from '../engine/iommufd/defects';
import type { SysfsDir } from '../engine/iommu/sysfs';
import type { LockdepReport, LockEdge } from '../engine/kernel/lockdep';
import type { KernelLines } from '../engine/sim/kernel-lines/decode';
import type { LineResult, StepBatch } from '../engine/sim/batch';
import type { Partition } from '../engine/sim/partition';
import type { PhysicalMap } from '../engine/sim/physical-map';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import type { IoctlEvent, TraceEvent } from '../engine/trace/event';
import type { IoctlCall } from '../engine/uapi/strace';
import type { Imported } from '../scenario/import/import-machine';
import type { WorldId, WorldObject } from '../engine/sim/world';
import type { Breakpoint } from './timeline/breaks';
import type { TableStretch } from './timeline/tables';

/** Grows when a message changes its meaning; page and worker of different builds refuse each other. */
export const API_VERSION = 3;

/** Everything survives structuredClone; failures are data. */
export interface EngineApi {
  /** Starts over: runs the first `cursor` lines of the script (all when null). */
  load(script: string, cursor: number | null): Promise<RunReply>;
  /**
   * Brings the machine to a line of a script, and tells what the page does not have yet. A long run answers in parts: ask
   * again until the cursor is where it should be, or something stopped it.
   */
  run(ask: RunAsk): Promise<RunReply>;
  /** Runs more lines after the cursor, in the place of those that stood there; nothing is kept of lines that make no sense (`error`). */
  append(lines: readonly string[]): Promise<RunReply>;
  /** Where a device's edge may be dropped, and the reason against every other place. Changes nothing. */
  targets(deviceId: WorldId): Promise<readonly Target[]>;
  /** Runs lines on a copy: what would happen. */
  tryLines(lines: readonly string[]): Promise<readonly LineResult[]>;
  /** The world as it is after so many lines of a script; the present one's when null. */
  moment(script: string | null, cursor: number): Promise<readonly WorldObject[]>;
  /** Physical memory as it is after so many lines of a script; the present one's when null. */
  memoryAt(script: string | null, cursor: number, pa: number, bytes: number): Promise<Uint8Array | null>;
  /** The page tables of an HWPT as they are after so many lines of a script; the present one's when null. */
  tablesAt(script: string | null, cursor: number, hwptId: WorldId): Promise<readonly TableStretch[]>;
  /** An entry of a table as memory has it after so many lines of a script; null where no table is. */
  entryAt(
    script: string | null,
    cursor: number,
    unitId: WorldId,
    table: TableOfStep,
    index: number,
  ): Promise<WalkStep | null>;
  /** Events of a line of the present script, from one up to before another. */
  events(line: number, from: number, to: number): Promise<readonly TraceEvent[]>;
  /** Groups of another script's machine after its lines; a line that fails is told, and the rest is run. */
  partition(script: string): Promise<Partition>;
  /** What stands between a device and a VM; null where no such device is, or no kernel runs yet. */
  passthrough(deviceId: WorldId): Promise<PassthroughVerdict | null>;
  /** Physical memory; null where no frame is. */
  readMemory(pa: number, bytes: number): Promise<Uint8Array | null>;
  /** Who has which part of physical memory now, and which pages the tables of HWPTs map; null before there is a machine. */
  physical(): Promise<PhysicalMap | null>;
  /** Registers, queues and caches of an IOMMU as they are now; null where there is no such. */
  hardware(unitId: WorldId): Promise<UnitView | null>;
  /** Another entry of a table that a look-up read, as memory has it now; null where no table is. */
  peekEntry(unitId: WorldId, table: TableOfStep, index: number): Promise<WalkStep | null>;
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

export interface RunAsk {
  readonly script: string;
  /** Lines to run; null: all. */
  readonly cursor: number | null;
  /** The page has the results of the first so many lines of this script, and all that they did. */
  readonly known: number;
  /** The page's world is that of the reply with this epoch: what is the same is not sent again. 0: it has none. */
  readonly epoch: number;
  /** Looks at every line from `from` on, where the page's time stands; null: goes there straight. */
  readonly watch: { readonly from: number; readonly breakpoints: readonly Breakpoint[] } | null;
}

export type RunReply =
  | {
      readonly status: 'ok';
      readonly batch: StepBatch;
      /** A breakpoint was met. */
      readonly stoppedBy?: { readonly line: number; readonly why: string } | null;
    }
  | { readonly status: 'failed'; readonly why: string };

export interface Target {
  readonly targetId: WorldId;
  readonly action: 'attach' | 'replace' | 'map' | 'make';
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
