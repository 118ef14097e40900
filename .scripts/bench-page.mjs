// The page in headless Chromium, beside a bare React Flow page with as many nodes and edges in the same run.
/* global window -- what is evaluated within the page */
import { setTimeout as rest } from 'node:timers/promises';
import { buildPages, launch, openBare, openOurs, servePages } from './bench-page/browser.mjs';
import { cells, HEAD, reached } from './bench-page/figures.mjs';
import { measureMotion } from './bench-page/motion.mjs';
import { measureIdle, measureLookups } from './bench-page/shows.mjs';
import { measureEvents, measureGestures, measureSeeks } from './bench-page/waits.mjs';

export { cells as pageCells, HEAD as PAGE_HEAD };

const LINES = 10_000;
const SETTLE_MS = 4000;

/** What can be measured, each in pages of its own: what one leaves behind is no other's burden. */
const PARTS = {
  async motion({ ours, bare, scripts }) {
    await ours.bringToFront();
    await ours.evaluate((text) => window.ours.open(text, null), scripts.thousandNodes());
    await rest(SETTLE_MS);
    const drawn = await ours.evaluate(() => window.ours.drawn());
    await bare.bringToFront();
    await bare.evaluate((what) => window.bare.show(what), drawn);
    await rest(SETTLE_MS / 2);
    return measureMotion(ours, bare);
  },
  gestures: ({ ours, bare, scripts }) => measureGestures(ours, bare, scripts),
  lookups: ({ ours, scripts }) => measureLookups(ours, scripts),
  events({ ours, scripts }) {
    const long = scripts.longScene(LINES);
    return measureEvents(ours, long, scripts.eventsMade(long));
  },
  seeks: ({ ours, bare, scripts }) => measureSeeks(ours, bare, scripts.longScene(LINES)),
};

/** The figures of the page, of all parts or of those named; `scripts` is the module src/bench/page/scripts.ts. */
export async function measurePage(root, outDir, scripts, wanted = [...Object.keys(PARTS), 'idle']) {
  await buildPages(root, outDir);
  const { url, close } = await servePages(root, outDir);
  const rows = [];
  try {
    for (const name of Object.keys(PARTS).filter((each) => wanted.includes(each))) {
      const browser = await launch(root);
      const [ours, bare] = [await openOurs(browser, url), await openBare(browser, url)];
      rows.push(...(await PARTS[name]({ ours, bare, scripts })));
      await browser.close();
    }
    if (wanted.includes('idle')) rows.push(...(await measureIdle(root, url, scripts.thousandNodes())));
  } finally {
    await close();
  }
  return rows.map((row) => ({ ...row, reached: reached(row) }));
}
