import type { Page } from '@playwright/test';

/** What a page does by itself, counted from the outside: callbacks of timers and frames, and words on canvases. */
export interface Activity {
  frames: number;
  timers: number;
  intervals: number;
  /** Every text painted on a canvas, in order. */
  painted: string[];
}

declare global {
  interface Window {
    activity: Activity;
    /** The browser's own, not counted. */
    waitUncounted: (ms: number) => Promise<void>;
    /** Values of the overlay's `data-step`, see recordSteps. */
    steps: string[];
  }
}

/** Before the page is opened: from then on `activity` counts. */
export async function watchActivity(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const activity: Activity = { frames: 0, timers: 0, intervals: 0, painted: [] };
    window.activity = activity;
    type Timer = (handler: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => number;
    const page = window as unknown as { setTimeout: Timer; setInterval: Timer };
    const { requestAnimationFrame } = window;
    const { setTimeout, setInterval } = page;
    const counted =
      (kind: 'timers' | 'intervals', set: Timer): Timer =>
      (handler, ...rest) =>
        set.call(
          window,
          (...given) => {
            activity[kind]++;
            handler(...given);
          },
          ...rest,
        );
    window.waitUncounted = (ms) => new Promise((resolve) => setTimeout.call(window, () => resolve(), ms));
    window.requestAnimationFrame = (callback) =>
      requestAnimationFrame.call(window, (now) => {
        activity.frames++;
        callback(now);
      });
    page.setTimeout = counted('timers', setTimeout);
    page.setInterval = counted('intervals', setInterval);
    const paint = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      activity.painted.push(text);
      paint.call(this, text, x, y);
    };
  });
}

export const activityOf = (page: Page): Promise<Activity> => page.evaluate(() => window.activity);

/** Frames and timers within the next milliseconds. */
export async function activityDuring(page: Page, ms: number): Promise<Omit<Activity, 'painted'>> {
  return page.evaluate(async (span) => {
    const { frames, timers, intervals } = window.activity;
    await window.waitUncounted(span);
    return {
      frames: window.activity.frames - frames,
      timers: window.activity.timers - timers,
      intervals: window.activity.intervals - intervals,
    };
  }, ms);
}

/** From now on every value of the overlay's `data-step` is kept: polling would miss some. */
export async function recordSteps(page: Page): Promise<() => Promise<string[]>> {
  await page.getByTestId('lookup-overlay').evaluate((overlay) => {
    window.steps = [];
    new MutationObserver(() => window.steps.push(overlay.getAttribute('data-step') ?? 'none')).observe(
      overlay,
      {
        attributeFilter: ['data-step'],
      },
    );
  });
  return () => page.evaluate(() => window.steps);
}
