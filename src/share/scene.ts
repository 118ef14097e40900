import { lineCount } from '../scenario/lines';

/** What a link holds: the script, and how it is looked at. */
export interface Scene {
  readonly script: string;
  /** Lines executed; null for all. */
  readonly cursor: number | null;
  /** World id of what is selected. */
  readonly selection: string | null;
  /** Null: everything is in view, as the layout has it. */
  readonly camera: Camera | null;
  /** What its lines came to where the link was made, as a hash; null: not told. */
  readonly state?: string | null;
}

/** The point of the canvas in the middle of the view, and magnification: it means the same in a window of any size. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** One spelling a scene, so that the same scene gives the same link: defaults left out, the camera rounded. */
export function canonicalScene({ script, cursor, selection, camera, state }: Scene): Scene {
  return {
    script: wellFormed(script),
    cursor: cursor === null || cursor >= lineCount(script) ? null : Math.max(0, Math.trunc(cursor) || 0),
    selection: selection === null || selection === '' ? null : wellFormed(selection),
    camera: camera === null ? null : canonicalCamera(camera),
    ...(isState(state) ? { state } : {}),
  };
}

/** Letters that need no escape; anything else is none, and the link opens without. */
const isState = (state: string | null | undefined): state is string =>
  typeof state === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(state);

function canonicalCamera({ x, y, zoom }: Camera): Camera | null {
  if (!Number.isFinite(x + y + zoom)) return null;
  return {
    x: clamp(Math.round(x), -1e6, 1e6),
    y: clamp(Math.round(y), -1e6, 1e6),
    zoom: clamp(Math.round(zoom * 100) / 100, 0.01, 100),
  };
}

/** Adding 0 turns -0 into 0. */
const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value)) + 0;

/** Lone surrogates have no UTF-8. */
const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

/**
 * A scene as text: a header line of `key=value` words, empty when all is default, then the script.
 * A key that this version does not know is left aside: a link of a newer one still opens.
 */
export function formatScene(scene: Scene): string {
  const { script, cursor, selection, camera, state } = canonicalScene(scene);
  const words = [
    ...(cursor === null ? [] : [`c=${String(cursor)}`]),
    ...(selection === null ? [] : [`s=${encodeURIComponent(selection).replaceAll('%3A', ':')}`]),
    ...(camera === null ? [] : [`v=${[camera.x, camera.y, camera.zoom].join(',')}`]),
    ...(isState(state) ? [`h=${state}`] : []),
  ];
  return `${words.join(' ')}\n${script}`;
}

/** Null when the header is not one. */
export function parseScene(text: string): Scene | null {
  const end = text.indexOf('\n');
  if (end < 0) return null;
  const header = new Map<string, string>();
  for (const word of text.slice(0, end).split(' ')) {
    if (word === '') continue;
    const equals = word.indexOf('=');
    if (equals < 1) return null;
    header.set(word.slice(0, equals), word.slice(equals + 1));
  }
  const cursor = header.get('c');
  if (cursor !== undefined && !/^[0-9]{1,9}$/.test(cursor)) return null;
  const selection = decoded(header.get('s'));
  const camera = cameraOf(header.get('v'));
  if (selection === undefined || camera === undefined) return null;
  const scene = {
    script: text.slice(end + 1),
    cursor: cursor === undefined ? null : Number(cursor),
    selection,
    camera,
    state: header.get('h') ?? null,
  };
  return canonicalScene(scene);
}

/** Undefined when it is malformed. */
function decoded(text: string | undefined): string | null | undefined {
  if (text === undefined) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function cameraOf(text: string | undefined): Camera | null | undefined {
  if (text === undefined) return null;
  const [x, y, zoom, ...more] = text
    .split(',')
    .map((part) => (/^-?[0-9]{1,9}(\.[0-9]{1,9})?$/.test(part) ? Number(part) : NaN));
  if (x === undefined || y === undefined || zoom === undefined || more.length > 0) return undefined;
  return Number.isFinite(x + y + zoom) && zoom > 0 ? { x, y, zoom } : undefined;
}
