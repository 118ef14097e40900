import { PROTOCOL } from '../words/embed/protocol';

/**
 * What a page and the embed in it say to each other. The embed greets its page with {@link Hello}; the page answers with
 * {@link Connect} and one end of a MessageChannel; everything else goes over that. A request with an `id` gets an
 * {@link Answer}, one without is done in silence. What arrives is data: it is parsed, and what cannot be read is dropped
 * or, where it has an `id`, refused with a reason. Nothing of it is ever run or becomes markup.
 */
export const PROTOCOL_VERSION = 1;

/** From the embed, and again whenever a {@link Ping} asks for it. */
export interface Hello {
  readonly type: 'iommu-playground:hello';
  readonly version: number;
}

/** From the page: is anybody there? For a page that came later than its frame. */
export interface Ping {
  readonly type: 'iommu-playground:ping';
}

/** From the page, with a MessagePort. A newer one ends the connection before it. */
export interface Connect {
  readonly type: 'iommu-playground:connect';
  readonly version: number;
}

export type Theme = 'light' | 'dark' | 'auto';

/** What a page may ask for. */
export type Command =
  /** A scene in place of the present one: a script, or a link (`#s1:…`, or an address that ends in one). */
  | { readonly type: 'load'; readonly script: string; readonly line?: number }
  | { readonly type: 'load'; readonly link: string; readonly line?: number }
  /** To the moment after a line; 0 is before the first. */
  | { readonly type: 'seek'; readonly line: number }
  | { readonly type: 'play' }
  | { readonly type: 'pause' }
  | { readonly type: 'step'; readonly direction?: 1 | -1 }
  | { readonly type: 'setTheme'; readonly theme: Theme }
  /** An object by its id, e.g. `dev:0000:01:00.0`; null: nothing. */
  | { readonly type: 'select'; readonly object: string | null }
  | { readonly type: 'getState' }
  | { readonly type: 'exportSvg'; readonly theme?: 'light' | 'dark' };

export type CommandType = Command['type'];
export type Request = Command & { readonly id?: number };

/** Where the scene stands. */
export interface EmbedState {
  readonly title: string | null;
  readonly script: string;
  /** Lines executed, of so many. */
  readonly line: number;
  readonly lines: number;
  readonly playing: boolean;
  readonly selection: string | null;
  /** What the scene says here: its last note. */
  readonly note: string | null;
  readonly result: LineOutcome | null;
  /** Ids of all objects. */
  readonly objects: readonly string[];
}

/** What a line came to. */
export interface LineOutcome {
  readonly line: number;
  readonly text: string;
  readonly status: 'none' | 'ok' | 'errno' | 'fault' | 'waits' | 'deadlock' | 'mismatch' | 'error';
  /** In a few words, e.g. `0x3c0040, 4 reads`. */
  readonly result: string;
  readonly why: string | null;
}

/** What each command is answered with. */
export interface Results {
  readonly load: EmbedState;
  readonly seek: EmbedState;
  readonly play: EmbedState;
  readonly pause: EmbedState;
  readonly step: EmbedState;
  readonly setTheme: EmbedState;
  readonly select: EmbedState;
  readonly getState: EmbedState;
  /** The picture, as a file of its own. */
  readonly exportSvg: string;
}

export type Answer =
  | { readonly type: 'answer'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly ok: false; readonly why: string };

/** What the embed tells unasked. */
export type EmbedEvent =
  /** The scene is on screen. */
  | {
      readonly type: 'ready';
      readonly version: number;
      readonly title: string | null;
      readonly line: number;
      readonly lines: number;
    }
  /** Time moved. */
  | {
      readonly type: 'step';
      readonly line: number;
      readonly lines: number;
      readonly playing: boolean;
      readonly result: LineOutcome | null;
    }
  /** The hardware blocked a DMA: a line of the kernel's log, and why. */
  | {
      readonly type: 'fault';
      readonly line: number;
      readonly device: string;
      readonly name: string;
      readonly why: string;
    }
  /** Pixels that the embed would like to have. */
  | { readonly type: 'height'; readonly height: number }
  /** The scene cannot be shown, or not any more; in words for people. */
  | { readonly type: 'error'; readonly why: string };

/** Longer scripts are refused unread. */
export const LONGEST_SCRIPT = 4 << 20;
export const LONGEST_LINK = 2_000_000;

type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly id: number | null; readonly why: string };

/** A message of the host. Fields that a command does not have are left aside: a newer host may say more. */
export function parseRequest(message: unknown): Parsed<Request> {
  const id = numberIn(message, 'id');
  const parsed = commandOf(message);
  if (typeof parsed === 'string') return { ok: false, id, why: parsed };
  return { ok: true, value: id === null ? parsed : { ...parsed, id } };
}

/** The command, or why there is none. */
function commandOf(message: unknown): Command | string {
  const type = fieldOf(message, 'type');
  switch (type) {
    case 'load':
      return loadOf(message);
    case 'seek': {
      const line = lineOf(message);
      return line === null ? PROTOCOL.noLine : { type, line };
    }
    case 'step': {
      const direction = fieldOf(message, 'direction') ?? 1;
      return direction === 1 || direction === -1 ? { type, direction } : PROTOCOL.badDirection;
    }
    case 'setTheme': {
      const theme = fieldOf(message, 'theme');
      return theme === 'light' || theme === 'dark' || theme === 'auto' ? { type, theme } : PROTOCOL.badTheme;
    }
    case 'select': {
      const object = fieldOf(message, 'object') === null ? null : textOf(message, 'object', 200);
      return object === undefined ? PROTOCOL.noObject : { type, object };
    }
    case 'exportSvg': {
      const theme = fieldOf(message, 'theme');
      if (theme === undefined) return { type };
      return theme === 'light' || theme === 'dark' ? { type, theme } : PROTOCOL.badFigureTheme;
    }
    case 'play':
    case 'pause':
    case 'getState':
      return { type };
    default:
      return typeof type === 'string' ? PROTOCOL.noCommand(type.slice(0, 40)) : PROTOCOL.noMessage;
  }
}

function loadOf(message: unknown): Command | string {
  const line = lineOf(message);
  if (line === null && fieldOf(message, 'line') !== undefined) return PROTOCOL.badLine;
  const at = line === null ? {} : { line };
  const script = textOf(message, 'script', LONGEST_SCRIPT);
  const link = textOf(message, 'link', LONGEST_LINK);
  if ((script === undefined) === (link === undefined)) return PROTOCOL.oneScene;
  return script === undefined ? { type: 'load', link: link ?? '', ...at } : { type: 'load', script, ...at };
}

/** What the embed sent: null when it is neither an answer nor an event of this version. */
export function parseFromEmbed(message: unknown): Answer | EmbedEvent | null {
  const type = fieldOf(message, 'type');
  if (type === 'answer') {
    const id = numberIn(message, 'id');
    if (id === null) return null;
    if (fieldOf(message, 'ok') === true) return { type, id, ok: true, value: fieldOf(message, 'value') };
    return { type, id, ok: false, why: textOf(message, 'why', 4000) ?? '' };
  }
  if (type === 'height') {
    const height = numberIn(message, 'height');
    return height === null || height < 0 ? null : { type, height };
  }
  return type === 'ready' || type === 'step' || type === 'fault' || type === 'error'
    ? (message as EmbedEvent)
    : null;
}

export const isHello = (message: unknown): boolean => fieldOf(message, 'type') === 'iommu-playground:hello';
export const isPing = (message: unknown): boolean => fieldOf(message, 'type') === 'iommu-playground:ping';
export const isConnect = (message: unknown): boolean =>
  fieldOf(message, 'type') === 'iommu-playground:connect' && fieldOf(message, 'version') === PROTOCOL_VERSION;

/** A field that the message itself has: nothing is inherited, and a getter is never reached through structuredClone. */
function fieldOf(message: unknown, key: string): unknown {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, key)) return undefined;
  return (message as Readonly<Record<string, unknown>>)[key];
}

function numberIn(message: unknown, key: string): number | null {
  const value = fieldOf(message, key);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

function lineOf(message: unknown): number | null {
  const line = numberIn(message, 'line');
  return line !== null && line >= 0 ? line : null;
}

function textOf(message: unknown, key: string, longest: number): string | undefined {
  const value = fieldOf(message, key);
  return typeof value === 'string' && value.length <= longest ? value : undefined;
}
