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
  /** Milliseconds from a gesture to the frame that shows its wire, for each line. */
  readonly gestures: (lines: readonly string[], deviceId: string) => Promise<readonly number[]>;
  /** Milliseconds from each seek to the frame that shows its line. */
  readonly seeks: (lines: readonly number[]) => Promise<readonly number[]>;
  readonly runAll: () => Promise<{ readonly ms: number } & Responsiveness>;
  readonly showEvents: () => void;
  /** Tokens of traffic now and until the show is over, frame by frame. */
  readonly spritesPerFrame: () => () => number;
}

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

const wiresOf = (deviceId: string): string =>
  [...document.querySelectorAll(`.react-flow__edge[data-id^="attach:${deviceId}"]`)]
    .map((edge) => edge.getAttribute('data-id'))
    .join();

const shownLine = (): string =>
  document.querySelector('[aria-label="Line of the script"]')?.getAttribute('aria-valuetext') ?? '';

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

  async gestures(lines, deviceId) {
    const taken: number[] = [];
    for (const line of lines) {
      const before = wiresOf(deviceId);
      const began = performance.now();
      void app().actions.act([line]);
      await until(() => wiresOf(deviceId) !== before);
      taken.push(performance.now() - began);
      const last = app().results.at(-1);
      if (last?.ok !== true) throw new Error(`${line}: ${last?.result}`);
      await recorder.painted();
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
      await recorder.painted();
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

  spritesPerFrame() {
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    let drawn = 0;
    let frames = 0;
    let counts = true;
    const next = (): void => {
      frames++;
      if (counts) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    CanvasRenderingContext2D.prototype.drawImage = function (...given: unknown[]) {
      drawn++;
      return Reflect.apply(draw, this, given);
    };
    return () => {
      CanvasRenderingContext2D.prototype.drawImage = draw;
      counts = false;
      return drawn / Math.max(1, frames);
    };
  },
};
