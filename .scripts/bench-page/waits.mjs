// What a person waits for: gestures, seeks, and a page that is busy with a long script.
/* global window -- what is evaluated within the page */
import { setTimeout as rest } from 'node:timers/promises';
import { part, waited } from './figures.mjs';

const ROUNDS = 12;
const SEEKS = 60;
const SETTLE_MS = 4000;
/** The machine alone, and the most lines that leave room for the gestures. */
const SHORT = 10;
const LONG = 9900;

/** What an edge takes in bare React Flow, with as much on the canvas as ours has. */
export async function bareEdges(ours, bare) {
  const drawn = await ours.evaluate(() => window.ours.drawn());
  await bare.bringToFront();
  await bare.evaluate((what) => window.bare.show(what), drawn);
  return bare.evaluate(() => window.bare.gestures(50));
}

export async function measureGestures(ours, bare, scripts) {
  const rows = [];
  for (const lines of [SHORT, LONG]) {
    await ours.bringToFront();
    await ours.evaluate((text) => window.ours.open(text, null), scripts.gestureScene(lines));
    await rest(SETTLE_MS);
    const gestures = scripts.gestures(ROUNDS);
    const mine = await ours.evaluate((what) => window.ours.gestures(what), gestures);
    const theirs = await bareEdges(ours, bare);
    const where = lines === SHORT ? 'a gesture' : `a gesture after ${lines.toLocaleString('en')} lines`;
    rows.push(waited(`${where}, to the engine and back to pixels`, mine, theirs, 50));
    for (const kind of new Set(gestures.map((each) => each.kind))) {
      const its = mine.filter((_, index) => gestures[index].kind === kind);
      rows.at(-1).name += ` · ${kind} ${part(its, 0.95).toFixed(0)}`;
    }
  }
  return rows;
}

/** To lines all over a script, far from each other. */
export async function measureSeeks(ours, bare, script) {
  await ours.bringToFront();
  await ours.evaluate((text) => window.ours.open(text, null), script);
  await rest(2 * SETTLE_MS);
  const lines = script.split('\n').length;
  const targets = Array.from({ length: SEEKS }, (_, n) => 1 + ((n * 6151 + 977) % lines));
  const mine = await ours.evaluate((to) => window.ours.seeks(to), targets);
  const theirs = await bareEdges(ours, bare);
  return [waited(`seek to any line of ${lines.toLocaleString('en')}, to pixels`, mine, theirs, 100)];
}

/** A script that makes events as fast as the engine can, while a hand moves over the page. */
export async function measureEvents(page, script, made) {
  await page.bringToFront();
  await page.evaluate((text) => window.ours.open(text, 0), script);
  await page.evaluate(() => window.ours.showEvents());
  await rest(1000);
  const run = page.evaluate(() => window.ours.runAll());
  let over = false;
  void run.finally(() => (over = true)).catch(() => undefined);
  const cdp = await page.context().newCDPSession(page);
  const sent = [];
  for (let n = 0; !over; n++) {
    sent.push(cdp.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: 400 + (n % 100), y: 300 }));
    await rest(30);
  }
  await Promise.all(sent);
  const { ms, longestTask, delays } = await run;
  await page.evaluate(() => window.ours.showEvents()); // a look-up has brought up its own
  await page.getByRole('button', { name: 'All lines so far' }).click();
  const chips = page.getByRole('group', { name: 'Kinds' }).getByRole('button');
  const counts = (await chips.allInnerTexts()).map((text) =>
    Number(/([\d,]+)\s*$/.exec(text)?.[1].replaceAll(',', '')),
  );
  const shown = counts.reduce((sum, count) => sum + count, 0);
  const none = { p95: null, ratio: null };
  const reference = { name: `${delays.length} movements of the pointer`, value: delays.length };
  return [
    {
      ...none,
      name: 'engine events',
      unit: '/s',
      value: made / (ms / 1000),
      reference: { name: 'events made', value: made },
      aim: { least: 10_000, words: '10,000 /s' },
    },
    {
      ...none,
      name: 'events shown, of those made',
      unit: '',
      value: shown,
      reference: { name: 'events made', value: made },
      ratio: shown / made,
      aim: { least: made, most: made, words: 'each' },
    },
    {
      ...none,
      name: 'until the page hears a hand meanwhile, p95',
      unit: 'ms',
      value: part(delays, 0.95),
      reference,
      aim: { most: 50, words: '50 ms' },
    },
    {
      ...none,
      name: 'longest task meanwhile',
      unit: 'ms',
      value: longestTask,
      reference,
      aim: { most: 200, words: '200 ms' },
    },
  ];
}
