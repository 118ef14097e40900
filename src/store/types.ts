import type { LineResult, Lookup } from '../engine/sim/batch';
import type { WorldId, WorldObject } from '../engine/sim/world';
import type { TraceEvent } from '../engine/trace/event';
import type { ImportReply, Target } from '../worker/api';

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
  readonly undo: readonly string[];
  readonly redo: readonly string[];
}

export type EngineStatus =
  | { readonly status: 'starting' }
  | { readonly status: 'ready' }
  | { readonly status: 'busy'; readonly what: string }
  | { readonly status: 'crashed'; readonly why: string };

/** A gesture that the kernel refused. */
export interface Refusal {
  readonly line: string;
  readonly result: LineResult;
}

/** Which look-up is on stage, and how far it has come. A step is one LookupStep of one part, counted through. */
export interface PlaybackState {
  /** Index into `lookups`, null when nothing is on stage. */
  readonly lookup: number | null;
  /** Steps shown: 0 … total. */
  readonly step: number;
  readonly playing: boolean;
  /** Steps a second. */
  readonly speed: number;
}

export interface ViewState {
  readonly selection: WorldId | null;
  /** Set while a person drags (or keyboard-connects) from a device. */
  readonly connecting: { readonly deviceId: WorldId; readonly targets: readonly Target[] } | null;
  readonly refusal: Refusal | null;
  readonly theme: 'auto' | 'light' | 'dark';
  readonly engine: EngineStatus;
}

/** Everything a person can do. Each ends as script lines, a cursor, or a view. */
export interface Actions {
  /** Appends lines and runs them as one undoable gesture; a refused line is kept with its `! ERRNO` and shown. */
  readonly act: (lines: readonly string[]) => Promise<void>;
  /** Replaces the whole script (editor, gallery, import, link) as one undoable gesture. */
  readonly replaceScript: (script: string) => Promise<void>;
  readonly undo: () => Promise<void>;
  readonly redo: () => Promise<void>;
  readonly seek: (cursor: number) => Promise<void>;
  readonly importText: (text: string) => Promise<ImportReply>;
  readonly readMemory: (pa: number, bytes: number) => Promise<Uint8Array | null>;
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
  /** A new worker, the same script. */
  readonly restartEngine: () => Promise<void>;
}

export interface AppState extends WorldState, ScriptState, ViewState {
  readonly playback: PlaybackState;
  readonly actions: Actions;
}
