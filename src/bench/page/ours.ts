import { linesOf } from '../../store/script';
import { useApp } from '../../store';
import { linksOf } from '../../canvas/edges/edges';
import { computeLayout } from '../../canvas/layout/layout';
import type { Drawn } from './drawn';
import { recorder } from './recorder';
import { watchResponsiveness, type Responsiveness } from './responsive';

/** What the benchmark may ask of the playground's page. It is in a build made for the benchmark, and in no other. */
export interface OurPage {
  readonly drawn: () => Drawn;
  /** Opens a script, to its end or before its first line. */
  readonly open: (script: string, cursor: number | null) => Promise<void>;
  /** Milliseconds from each gesture to the frame that shows what came of it. */
  readonly gestures: (gestures: readonly Gesture[]) => Promise<readonly number[]>;
  /** Milliseconds from each seek to the frame that shows its line. */
  readonly seeks: (lines: readonly number[]) => Promise<readonly number[]>;
  readonly runAll: () => Promise<{ readonly ms: number } & Responsiveness>;
  readonly showEvents: () => void;
  /** Tokens of traffic that a frame draws. */
  readonly tokensInAFrame: () => Promise<number>;
}

/** What a hand does: to wires by a line, and to objects by their names in the script. */
export type Gesture =
  | { readonly kind: 'connect'; readonly line: string }
  | { readonly kind: 'select' | 'drag'; readonly name: string }
  | { readonly kind: 'undo'; readonly of: 'connect' | 'drag' };

declare global {
  interface Window {
    ours: OurPage;
  }
}

const until = async (ready: () => boolean): Promise<void> => {
  const end = performance.now() + 60_000;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${ready}`);
    await recorder.painted();
  }
};

/** What is seen on the canvas: which wires there are, where cards stand, which one is chosen. */
const SEEN: Readonly<Record<'connect' | 'drag' | 'select', () => string>> = {
  connect: () =>
    [...document.querySelectorAll('.react-flow__edge[data-id^="attach:"]')]
      .map((edge) => edge.getAttribute('data-id'))
      .join(),
  drag: () =>
    [...document.querySelectorAll<HTMLElement>('.react-flow__node')]
      .map(({ style }) => style.transform)
      .join(),
  select: () => document.querySelector('.react-flow__node.selected')?.getAttribute('data-id') ?? '',
};

/** Starts a gesture, as the canvas does when a hand lets go; a promise of the engine's answer, where it is asked. */
function start(gesture: Gesture): Promise<unknown> {
  const { objects, actions } = app();
  if (gesture.kind === 'connect') return actions.act([gesture.line]);
  if (gesture.kind === 'undo') return actions.undo();
  const id = Object.values(objects).find(({ name }) => name === gesture.name)?.id;
  if (id === undefined) throw new Error(`nothing is called ${gesture.name}`);
  const rect = computeLayout(objects).rects.get(id);
  if (gesture.kind === 'drag')
    return actions.place(id, Math.round(rect?.x ?? 0), Math.round(rect?.y ?? 0) + 40);
  actions.select(id);
  return Promise.resolve();
}

const shownLine = (): string =>
  document.querySelector('[aria-label="Line of the script"]')?.getAttribute('aria-valuetext') ?? '';

/** From one gesture to the next: quicker than any hand. */
const BETWEEN_MS = 150;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const app = () => useApp.getState();

window.recorder = recorder;
window.ours = {
  drawn() {
    const { objects } = app();
    const canvas = document.querySelector('.canvas')?.getBoundingClientRect();
    const viewport = document.querySelector<HTMLElement>('.canvas .react-flow__viewport');
    const matrix = new DOMMatrix(viewport?.style.transform);
    return {
      nodes: [...computeLayout(objects).rects].map(([id, { x, y, width, height }]) => ({
        id,
        x,
        y,
        width,
        height,
      })),
      edges: linksOf(objects).map(({ id, source, target }) => ({ id, source, target })),
      box: {
        left: canvas?.left ?? 0,
        top: canvas?.top ?? 0,
        width: canvas?.width ?? 0,
        height: canvas?.height ?? 0,
      },
      camera: { x: matrix.e, y: matrix.f, zoom: matrix.a },
    };
  },

  async open(script, cursor) {
    await until(() => app().engine.status === 'ready');
    if (!(await app().actions.replaceScript(script, cursor))) throw new Error('the script was not opened');
    const wrong = app().results.find(({ ok }) => !ok);
    if (wrong !== undefined) throw new Error(`${wrong.text}: ${wrong.result}`);
    await recorder.painted();
  },

  async gestures(gestures) {
    const taken: number[] = [];
    for (const gesture of gestures) {
      const seen = SEEN[gesture.kind === 'undo' ? gesture.of : gesture.kind];
      const before = seen();
      const began = performance.now();
      const answered = start(gesture);
      await until(() => seen() !== before);
      taken.push(performance.now() - began);
      performance.measure('bench-gesture', { start: began, end: performance.now() });
      await answered;
      const last = app().results.at(-1);
      if (last?.ok !== true) throw new Error(`${last?.text}: ${last?.result}`);
      await pause(BETWEEN_MS);
    }
    return taken;
  },

  async seeks(lines) {
    const total = linesOf(app().script).length;
    const taken: number[] = [];
    for (const line of lines) {
      const began = performance.now();
      void app().actions.seek(line);
      await until(() => shownLine() === `after line ${line} of ${total}`);
      taken.push(performance.now() - began);
      performance.measure('bench-gesture', { start: began, end: performance.now() });
      await pause(BETWEEN_MS);
    }
    return taken;
  },

  async runAll() {
    const stop = watchResponsiveness();
    const began = performance.now();
    await app().actions.runTo('end');
    const total = linesOf(app().script).length;
    await until(() => app().cursor === total && shownLine() === `after line ${total} of ${total}`);
    return { ms: performance.now() - began, ...stop() };
  },

  showEvents: () => app().actions.showPanel('events'),

  async tokensInAFrame() {
    const painted = CanvasRenderingContext2D.prototype;
    const draw = painted.drawImage;
    const frame = (): Promise<unknown> => new Promise(requestAnimationFrame);
    let drawn = 0;
    await frame();
    // To count costs more than to draw: it is done in one frame that nobody measures.
    painted.drawImage = function (...given: unknown[]) {
      drawn++;
      return Reflect.apply(draw, this, given);
    };
    await frame();
    painted.drawImage = draw;
    return drawn;
  },
};
