import type { UnitView } from '../engine/hw/common/view';
import type { KernelLines } from '../engine/sim/kernel-lines/decode';
import type { LineResult, Lookup } from '../engine/sim/batch';
import type { Partition } from '../engine/sim/partition';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import type { WorldId, WorldObject } from '../engine/sim/world';
import type { DefectNote } from '../engine/iommufd/defects';
import type { SysfsDir } from '../engine/iommu/sysfs';
import type { IoctlEvent, TraceEvent } from '../engine/trace/event';
import type { IoctlCall } from '../engine/uapi/strace';
import type { ImportReply, LockOrder, Target } from '../worker/api';

/** The engine's projection: written by applyBatch alone. */
export interface WorldState {
  readonly epoch: number;
  readonly objects: Readonly<Record<WorldId, WorldObject>>;
  /** Index 0 is line 1. */
  readonly results: readonly LineResult[];
  readonly lookups: readonly Lookup[];
  readonly events: readonly { readonly line: number; readonly events: readonly TraceEvent[] }[];
  /** Lines executed. */
  readonly cursor: number;
}

export interface ScriptState {
  readonly script: string;
  /** The last known result of every line, also of those after the cursor: running them again gives the same. */
  readonly known: readonly LineResult[];
  readonly undo: readonly string[];
  readonly redo: readonly string[];
}

export type EngineStatus =
  | { readonly status: 'starting' }
  | { readonly status: 'ready' }
  | { readonly status: 'busy'; readonly what: string }
  | {
      readonly status: 'crashed';
      readonly why: string;
      /** A new one is about to be started. */ readonly restarting: boolean;
    };

/** A gesture that the kernel refused. */
export interface Refusal {
  readonly line: string;
  readonly result: LineResult;
  /** The refused line and what the gesture would have done after it. */
  readonly rest: readonly string[];
}

/**
 * Which look-up is on stage, and how far it has come. A step is one WalkStep of one part, counted through (see
 * playback.ts). The store's own clock (clock.ts) advances `step` while `playing`; who draws only interpolates.
 */
export interface PlaybackState {
  /** Index into `lookups`, null when nothing is on stage. */
  readonly lookup: number | null;
  /** Steps shown: 0 … total. */
  readonly step: number;
  readonly playing: boolean;
  /** Steps a second. */
  readonly speed: number;
  /** The script itself is being played: when a look-up ends, the next line runs. */
  readonly running: boolean;
}

/** Tabs of the side panel. */
export type PanelId =
  | 'object'
  | 'walk'
  | 'ioctls'
  | 'events'
  | 'locks'
  | 'caches'
  | 'registers'
  | 'queues'
  | 'memory'
  | 'sysfs'
  | 'outline'
  | 'groups'
  | 'why'
  | 'passthrough'
  | 'what-if';
export type DialogId = 'gallery' | 'import' | 'script' | 'help';

/** Devices that the page talks about: outlined on the canvas, everything else dimmed. */
export interface Lit {
  /** In the order of the story; numbered. */
  readonly chain: readonly WorldId[];
  /** What else has to do with it. */
  readonly others: readonly WorldId[];
}

/** One passing message: something worked, or why it did not. */
export interface Notice {
  readonly tone: 'info' | 'error';
  readonly text: string;
  /** Where to look next: a button of the notice shows that panel. */
  readonly next?: { readonly label: string; readonly panel: PanelId };
}

export interface ViewState {
  readonly selection: WorldId | null;
  /** Set while a person drags (or keyboard-connects) from a device. */
  readonly connecting: { readonly deviceId: WorldId; readonly targets: readonly Target[] } | null;
  readonly refusal: Refusal | null;
  readonly theme: 'auto' | 'light' | 'dark';
  readonly engine: EngineStatus;
  readonly panel: PanelId;
  readonly dialog: DialogId | null;
  readonly notice: Notice | null;
  /** Where the memory panel looks. */
  readonly memoryPa: number | null;
  readonly lit: Lit | null;
}

/** How the page begins: what a link holds. */
export interface StartScene {
  readonly script: string;
  /** Lines to run; null for all. */
  readonly cursor: number | null;
  readonly selection: WorldId | null;
}

/** Everything a person can do. Each ends as script lines, a cursor, or a view. */
export interface Actions {
  /** Appends lines and runs them as one undoable gesture; a refused line is kept with its `! ERRNO` and shown.
   * Resolves to the line that made no sense and was not kept, if one was. */
  readonly act: (lines: readonly string[]) => Promise<LineResult | null>;
  /** Replaces the whole script (editor, gallery, import, link) as one undoable gesture. False: the old one stays. */
  readonly replaceScript: (script: string, cursor?: number | null) => Promise<boolean>;
  readonly undo: () => Promise<void>;
  readonly redo: () => Promise<void>;
  readonly seek: (cursor: number) => Promise<void>;
  readonly importText: (text: string) => Promise<ImportReply>;
  /** Null when the engine was lost on the way. */
  readonly decodeLines: (text: string) => Promise<KernelLines | null>;
  readonly readMemory: (pa: number, bytes: number) => Promise<Uint8Array | null>;
  readonly readHardware: (unitId: WorldId) => Promise<UnitView | null>;
  readonly describeIoctls: (calls: readonly IoctlEvent[]) => Promise<readonly IoctlCall[] | null>;
  readonly readSysfs: () => Promise<SysfsDir | null>;
  readonly readLockOrder: () => Promise<LockOrder | null>;
  readonly readDefects: () => Promise<readonly DefectNote[] | null>;
  /** Groups of another script's machine. */
  readonly readPartition: (script: string) => Promise<Partition | null>;
  /** What stands between a device and a VM; null: no such device, or no kernel. */
  readonly readPassthrough: (deviceId: WorldId) => Promise<PassthroughVerdict | null>;
  /** Starts connecting from a device: fills `connecting` with legal targets and the reasons against the others. */
  readonly startConnecting: (deviceId: WorldId) => Promise<void>;
  readonly stopConnecting: () => void;
  /** Ends it on an object: acts when a target is there, legal or not; else says why nothing happened. */
  readonly connectTo: (targetId: WorldId) => Promise<void>;
  readonly detach: (deviceId: WorldId) => Promise<void>;
  /** Records a place on the canvas (`place` line; the last one of an object wins and replaces the earlier). */
  readonly place: (id: WorldId, x: number, y: number) => Promise<void>;
  readonly select: (id: WorldId | null) => void;
  readonly dismissRefusal: () => void;
  readonly play: (lookup: number) => void;
  readonly setPlayback: (change: Partial<PlaybackState>) => void;
  readonly setTheme: (theme: ViewState['theme']) => void;
  /** Plays: the look-up on stage, then the lines after the cursor; from the start when all is over. Or pauses. */
  readonly togglePlay: () => void;
  /** One look-up step, or one line where no look-up is on stage: forward or back. */
  readonly step: (direction: 1 | -1) => Promise<void>;
  readonly showPanel: (panel: PanelId) => void;
  readonly openDialog: (dialog: DialogId | null) => void;
  readonly notify: (notice: Notice | null) => void;
  readonly showMemory: (pa: number) => void;
  readonly light: (lit: Lit | null) => void;
  /** Starts the engine with a script: once, when the page opens. */
  readonly start: (scene: StartScene) => Promise<void>;
  /** A new worker, the same script. */
  readonly restartEngine: () => Promise<void>;
}

export interface AppState extends WorldState, ScriptState, ViewState {
  readonly playback: PlaybackState;
  readonly actions: Actions;
}
