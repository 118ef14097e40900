import type { TableOfStep, UnitView } from '../engine/hw/common/view';
import type { KernelLines } from '../engine/sim/kernel-lines/decode';
import type { LineEvents, LineResult, Lookup, TrafficRun, WalkStep } from '../engine/sim/batch';
import type { Partition } from '../engine/sim/partition';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import type { PhysicalMap } from '../engine/sim/physical-map';
import type { WorldId, WorldObject } from '../engine/sim/world';
import type { DefectNote } from '../engine/iommufd/defects';
import type { SysfsDir } from '../engine/iommu/sysfs';
import type { IoctlEvent, TraceEvent } from '../engine/trace/event';
import type { IoctlCall } from '../engine/uapi/strace';
import type { ImportReply, LockOrder, Target } from '../worker/api';
import type { Breakpoint } from '../worker/timeline/breaks';
import type { TableStretch } from '../worker/timeline/tables';
import type { ChosenWindow } from './time-window';

export type { Breakpoint } from '../worker/timeline/breaks';

/** The engine's projection: written by applyBatch alone. */
export interface WorldState {
  readonly epoch: number;
  readonly objects: Readonly<Record<WorldId, WorldObject>>;
  /** Index 0 is line 1. */
  readonly results: readonly LineResult[];
  readonly lookups: readonly Lookup[];
  /** What traffic saw, by line, oldest first. */
  readonly traffic: readonly TrafficRun[];
  /** Of lines in which something happened. */
  readonly events: readonly LineEvents[];
  /** Lines executed. */
  readonly cursor: number;
}

export interface ScriptState {
  readonly script: string;
  /** The last known result of every line, also of those after the cursor: running them again gives the same. */
  readonly known: readonly LineResult[];
  /** What those lines did, in their order. */
  readonly seen: Seen;
  readonly undo: readonly string[];
  readonly redo: readonly string[];
  /** Futures that were left when somebody acted in the past; newest first. */
  readonly branches: readonly Branch[];
  readonly breakpoints: readonly Breakpoint[];
}

/** Look-ups and events of all lines with a known result; the world has those up to its cursor. */
export interface Seen {
  readonly lookups: readonly Lookup[];
  readonly traffic: readonly TrafficRun[];
  readonly events: readonly LineEvents[];
}

/** A script that was left for another one; open it, and the present one becomes a branch in turn. */
export interface Branch {
  readonly id: number;
  readonly script: string;
  /** Lines that it has in common with the one it was left for. */
  readonly forkedAt: number;
  /** Where time stood in it. */
  readonly cursor: number;
  readonly lines: number;
}

/** The world as it was after so many lines. */
export interface Moment {
  readonly cursor: number;
  readonly objects: Readonly<Record<WorldId, WorldObject>>;
}

/** A moment as people name it: where time stands, the start of the line there, after a line, or where a branch ends. */
export type MomentRef =
  | { readonly kind: 'here' }
  | { readonly kind: 'before' }
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'branch'; readonly id: number };

/** Two moments side by side. */
export interface Compared {
  readonly a: MomentRef;
  readonly b: MomentRef;
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

/** Where something stands on the canvas. */
export interface Place {
  readonly id: WorldId;
  readonly x: number;
  readonly y: number;
}

/** A place for what is connected: lines that a drop would run, or why there are none. */
export interface Drop {
  readonly targetId: WorldId;
  readonly action: Target['action'];
  readonly lines: readonly string[];
  readonly why: string | null;
}

/** A gesture that the kernel refused. */
export interface Refusal {
  readonly line: string;
  readonly result: LineResult;
  /** The refused line and what the gesture would have done after it. */
  readonly rest: readonly string[];
  /** It was tried on a copy: the script has nothing of it. */
  readonly tried?: true;
}

/** How a look-up is shown: its result at once, a level a beat, or each access to memory when a person asks for it. */
export type Tempo = 'instant' | 'walk' | 'by-hand';

/**
 * What is on stage, and how far it has come: a look-up, else a line's traffic. A step is one WalkStep of one part, or a
 * beat of traffic, counted through (see playback.ts). The store's own clock (clock.ts) advances `step` while `playing`; who
 * draws only interpolates.
 */
export interface PlaybackState {
  /** Index into `lookups`, null when none of them is on stage. */
  readonly lookup: number | null;
  /** An access out of traffic that is looked at from near; it comes before `lookup`. */
  readonly sample: Lookup | null;
  /** The line whose traffic is on stage; behind a look-up it waits. */
  readonly traffic: number | null;
  readonly tempo: Tempo;
  /** Steps shown: 0 … total. */
  readonly step: number;
  readonly playing: boolean;
  /** Steps a second. */
  readonly speed: number;
  /** The script itself is being played: when a look-up ends, the next line runs. */
  readonly running: boolean;
  /** It runs on as fast as it can, not line by line; then `running` is true as well. */
  readonly rushing: boolean;
  /** The event within the line at the cursor that is shown: an index into its events; null: none. */
  readonly event: number | null;
  /** Why playing ended before the end of the script; null while it plays, or when nothing stopped it. */
  readonly stoppedBy: { readonly line: number; readonly why: string } | null;
}

/** Tabs of the side panel. */
export type OutlineLook = 'tree' | 'table';

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
  | 'space'
  | 'sysfs'
  | 'outline'
  | 'groups'
  | 'why'
  | 'passthrough'
  | 'what-if'
  | 'compare'
  | 'lesson';
export type DialogId = 'gallery' | 'import' | 'script' | 'help' | 'share' | 'drafts' | 'report';
/** What only the page around the scene can do: it follows `deed`. */
export type PageDeed =
  | 'copy-link'
  | 'copy-markdown'
  | 'copy-html'
  | 'copy-rst'
  | 'copy-script'
  | 'save-script'
  | 'save-figure'
  | 'copy-figure'
  | 'export-c'
  | 'export-strace'
  | 'export-markdown'
  | 'keep-version'
  | 'last-draft'
  | 'update'
  | 'check-version'
  | 'keep-offline'
  | 'forget-offline'
  | 'report-print'
  | 'report-save'
  | 'report-copy';
/** Tabs of the share dialog. */
export type ShareTabId = 'link' | 'embed' | 'figure' | 'export';

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
  /** It waits until it is read, though it is no error. */
  readonly stays?: true;
  /** What to do next, as a button of the notice: look at a panel, run a command, or go to another hash. */
  readonly next?: { readonly label: string } & (
    { readonly panel: PanelId } | { readonly command: string } | { readonly hash: string }
  );
  /** Where there is something to decide: how to put it off. It takes the place of the cross. */
  readonly later?: string;
}

export interface ViewState {
  readonly selection: WorldId | null;
  /** All that is selected, `selection` among them, when that is more than one; else empty. */
  readonly marked: readonly WorldId[];
  /**
   * Set while a person drags (or keyboard-connects) from a device, an access, or memory, or has something new in the hand.
   */
  readonly connecting: {
    /** What is connected; `new:hwpt` and the like for what is not there yet. */
    readonly deviceId: WorldId;
    readonly targets: readonly Target[];
  } | null;
  readonly refusal: Refusal | null;
  readonly theme: 'auto' | 'light' | 'dark';
  /** The camera goes along with what plays. */
  readonly following: boolean;
  readonly engine: EngineStatus;
  readonly panel: PanelId;
  readonly dialog: DialogId | null;
  readonly shareTab: ShareTabId;
  /** What the page was asked to do last; a new object is a new wish. */
  readonly deed: { readonly what: PageDeed } | null;
  readonly notice: Notice | null;
  /** Where the memory panel looks. */
  readonly memoryPa: number | null;
  /** The object whose events alone the event log shows. */
  readonly followed: WorldId | null;
  readonly lit: Lit | null;
  /** The context menu: where on the page, and of which objects. */
  readonly menu: MenuAt | null;
  /** The command palette: open at its beginning, or at the choices of one command. */
  readonly palette: PaletteAt | null;
  /** A line begun elsewhere, for the console to take. */
  readonly draft: string | null;
  /** Where the camera was asked to look last; a new object is a new wish. */
  readonly gaze: Gaze | null;
  /** The level of a page table that somebody points at, in the walk or on the canvas. */
  readonly litLevel: LitLevel | null;
  /** Addresses that somebody points at, or holds. */
  readonly spot: Spot | null;
  /** The walk lies over the canvas. */
  readonly wideWalk: boolean;
  readonly outlineLook: OutlineLook;
  /** The part of the scrubber that somebody zoomed into; null: it shows the whole script. */
  readonly timeWindow: ChosenWindow | null;
  /** What the compare panel shows. */
  readonly compared: Compared;
}

/** A stretch of addresses: of an IOAS, or of physical memory. Strips, walk, memory, inspector and canvas show and set it. */
export interface Spot {
  readonly space: WorldId | 'memory';
  readonly start: bigint;
  readonly last: bigint;
  /** It was chosen: pointing elsewhere does not take it away. */
  readonly held: boolean;
}

export interface LitLevel {
  /** Null: of a table that is no object. */
  readonly hwptId: WorldId | null;
  /** 1 holds only leaves. */
  readonly level: number;
  /** Of two stages: which one's. */
  readonly stage: 1 | 2;
}

export interface MenuAt {
  readonly at: { readonly x: number; readonly y: number };
  /** Empty: of the empty canvas. */
  readonly subject: readonly WorldId[];
}

export interface PaletteAt {
  /** Null: all commands. */
  readonly commandId: string | null;
  readonly subject: readonly WorldId[];
}

export interface Gaze {
  readonly at: 'all' | 'in' | 'out' | WorldId;
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
  /** Runs all lines or none: where one would be refused, nothing is changed, and the refusal is shown. False: refused. */
  readonly actWhole: (lines: readonly string[]) => Promise<boolean>;
  /** Replaces the whole script (editor, gallery, import, link) as one undoable gesture. False: the old one stays. */
  readonly replaceScript: (script: string, cursor?: number | null) => Promise<boolean>;
  readonly undo: () => Promise<void>;
  readonly redo: () => Promise<void>;
  /** `watching`: looks at every line on the way, and stops at a breakpoint. */
  readonly seek: (cursor: number, watching?: boolean) => Promise<void>;
  /** Runs on at full speed: to the next breakpoint, or to the end whatever stands in between. Pause stops it. */
  readonly runTo: (where: 'next-break' | 'end') => Promise<void>;
  /** Ends what runs or plays: it stays where it has come to. */
  readonly stop: () => void;
  /** Zooms the scrubber by a factor, about a share of what it shows, else about where time stands; `all`: to the whole. */
  readonly zoomTime: (by: number | 'all', share?: number) => void;
  readonly setBreakpoints: (breakpoints: readonly Breakpoint[]) => void;
  /** Makes a branch the script, undoably; the present script becomes a branch. */
  readonly openBranch: (id: number) => Promise<void>;
  readonly dropBranch: (id: number) => void;
  /** Puts futures of an earlier visit beside those there are. */
  readonly restoreBranches: (kept: readonly Branch[]) => void;
  /** The world at another time, of the present script or of a branch's; nothing on screen changes. Null when the engine was lost on the way. */
  readonly readMoment: (cursor: number, script?: string) => Promise<Moment | null>;
  /** Physical memory at another time, of the present script or of a branch's; null where no frame is. */
  readonly readMemoryAt: (
    cursor: number,
    pa: number,
    bytes: number,
    script?: string,
  ) => Promise<Uint8Array | null>;
  /** An entry of a table at another time, as `peekEntry` reads it now. */
  readonly readEntryAt: (
    cursor: number,
    entry: { readonly unitId: WorldId; readonly table: TableOfStep; readonly index: number },
    script?: string,
  ) => Promise<WalkStep | null>;
  /** The tables of an HWPT at another time, of the present script or of a branch's; null when the engine was lost. */
  readonly readTablesAt: (
    cursor: number,
    hwptId: WorldId,
    script?: string,
  ) => Promise<readonly TableStretch[] | null>;
  /** Words for the events of a line, from one up to before another: also where `events` has only counts. */
  readonly readEvents: (line: number, from: number, to: number) => Promise<readonly TraceEvent[] | null>;
  readonly importText: (text: string) => Promise<ImportReply>;
  /** Null when the engine was lost on the way. */
  readonly decodeLines: (text: string) => Promise<KernelLines | null>;
  readonly readMemory: (pa: number, bytes: number) => Promise<Uint8Array | null>;
  readonly readHardware: (unitId: WorldId) => Promise<UnitView | null>;
  /** Who has which part of physical memory; null before there is a machine. */
  readonly readPhysical: () => Promise<PhysicalMap | null>;
  /** Another entry of a table that a look-up read, as memory has it now; null where no table is. */
  readonly peekEntry: (unitId: WorldId, table: TableOfStep, index: number) => Promise<WalkStep | null>;
  readonly describeIoctls: (calls: readonly IoctlEvent[]) => Promise<readonly IoctlCall[] | null>;
  readonly readSysfs: () => Promise<SysfsDir | null>;
  readonly readLockOrder: () => Promise<LockOrder | null>;
  readonly readDefects: () => Promise<readonly DefectNote[] | null>;
  /** Groups of another script's machine. */
  readonly readPartition: (script: string) => Promise<Partition | null>;
  /** What stands between a device and a VM; null: no such device, or no kernel. */
  readonly readPassthrough: (deviceId: WorldId) => Promise<PassthroughVerdict | null>;
  /**
   * Starts connecting from a device, an access, or a process' memory (`part`: the buffer's name): fills `connecting` with
   * legal targets and the reasons against the others.
   */
  readonly startConnecting: (sourceId: WorldId, part?: string | null) => Promise<void>;
  /** The same with places that are known: each is tried on a copy. */
  readonly startCarrying: (sourceId: WorldId, drops: readonly Drop[]) => Promise<void>;
  /** The same targets, without beginning anything; null when the engine was lost on the way. */
  readonly readTargets: (deviceId: WorldId) => Promise<readonly Target[] | null>;
  readonly stopConnecting: () => void;
  /** Ends it on an object: acts when a target is there, legal or not; else says why nothing happened. */
  readonly connectTo: (targetId: WorldId, more?: readonly string[]) => Promise<void>;
  readonly detach: (deviceId: WorldId) => Promise<void>;
  /** Records a place on the canvas (`place` line; the last one of an object wins and replaces the earlier). */
  readonly place: (id: WorldId, x: number, y: number) => Promise<void>;
  /** Several as one gesture. */
  readonly placeAll: (places: readonly Place[]) => Promise<void>;
  /** Takes their `place` lines away, or with null all: the layout finds a place for them. */
  readonly unplace: (ids: readonly WorldId[] | null) => Promise<void>;
  readonly select: (id: WorldId | null) => void;
  /** Selects several; the last one is `selection`. */
  readonly mark: (ids: readonly WorldId[]) => void;
  readonly dismissRefusal: () => void;
  /** A look-up comes on stage: one of the script's by its index, or one that traffic has kept. */
  readonly play: (lookup: number | Lookup) => void;
  /** Back from one access to the traffic that it is of. */
  readonly leaveSample: () => void;
  readonly setPlayback: (change: Partial<PlaybackState>) => void;
  /** From now on; what plays just now goes on, or ends, as the new tempo has it. */
  readonly setTempo: (tempo: Tempo) => void;
  readonly setTheme: (theme: ViewState['theme']) => void;
  readonly setFollowing: (following: boolean) => void;
  /** Plays: the look-up on stage, then the lines after the cursor; from the start when all is over. Or pauses. */
  readonly togglePlay: () => void;
  /** One look-up step, or one line where no look-up is on stage: forward or back. */
  readonly step: (direction: 1 | -1) => Promise<void>;
  /** One event within the line at the cursor: forward or back. */
  readonly stepEvent: (direction: 1 | -1) => void;
  readonly showPanel: (panel: PanelId) => void;
  readonly openDialog: (dialog: DialogId | null) => void;
  /** Opens the share dialog at a tab, or turns to it. */
  readonly openShare: (tab: ShareTabId) => void;
  /** Asks the page to do what no store can. */
  readonly askPage: (what: PageDeed) => void;
  readonly notify: (notice: Notice | null) => void;
  readonly showMemory: (pa: number) => void;
  /** Shows in the event log what has to do with an object; null: everything again. */
  readonly follow: (id: WorldId | null) => void;
  readonly light: (lit: Lit | null) => void;
  /** Marks addresses wherever they are shown; null lets go. */
  readonly point: (spot: Spot | null) => void;
  readonly lightLevel: (level: LitLevel | null) => void;
  readonly widenWalk: (wide: boolean) => void;
  readonly showOutlineAs: (look: OutlineLook) => void;
  /** Chooses which moments are compared. */
  readonly compare: (moments: Partial<Compared>) => void;
  /** The menu of objects at a place of the page; of none, that of the canvas. */
  readonly openContextMenu: (at: MenuAt['at'], subject: readonly WorldId[]) => void;
  readonly closeContextMenu: () => void;
  readonly openPalette: (palette: PaletteAt) => void;
  readonly closePalette: () => void;
  /** Puts a line into the console for a person to complete; null when the console has it. */
  readonly prefill: (line: string | null) => void;
  /** Moves the camera: to all, nearer, farther, or to an object. */
  readonly lookAt: (at: Gaze['at']) => void;
  /** Starts the engine with a script: once, when the page opens. */
  readonly start: (scene: StartScene) => Promise<void>;
  /** A new worker, the same script. */
  readonly restartEngine: () => Promise<void>;
}

export interface AppState extends WorldState, ScriptState, ViewState {
  readonly playback: PlaybackState;
  readonly actions: Actions;
}
