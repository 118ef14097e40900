// The page in headless Chromium, beside a bare React Flow page with as many nodes and edges in the same run.
/* global window, document, setTimeout -- what is evaluated within the page */
import { chromium } from '@playwright/test';
import react from '@vitejs/plugin-react';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import { build, preview } from 'vite';

const ROUNDS = 3;
const MOTION_MS = 1500;
const SETTLE_MS = 4000;
const IDLE_SECONDS = 10;
const LINES = 10_000;
const GESTURES = 51;
const SEEKS = 60;
const DEVICES = 80;

const part = (values, of) => [...values].sort((a, b) => a - b)[Math.floor(values.length * of)] ?? 0;
const median = (values) => part(values, 0.5);

/** The playground as people get it, with one script more that lets the benchmark ask; and the bare page. */
async function buildPages(root, outDir) {
  const hook = {
    name: 'bench-hook',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { path }) =>
        path === '/index.html'
          ? [{ tag: 'script', attrs: { type: 'module', src: '/src/bench/page/ours.ts' }, injectTo: 'body' }]
          : html,
    },
  };
  await build({
    configFile: false,
    root,
    base: './',
    logLevel: 'error',
    plugins: [hook, react()],
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 10_000,
      rollupOptions: { input: { index: `${root}index.html`, bare: `${root}src/bench/page/bare.html` } },
    },
  });
}

function chromiumPath(root) {
  const file = `${root}.cache/chromium.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).executablePath : process.env.CHROMIUM_PATH;
}

/** Sends input as a hand does, without waiting for each to arrive: the page's frames decide what comes of it. */
async function move(page, send) {
  const cdp = await page.context().newCDPSession(page);
  const sent = [];
  const began = performance.now();
  for (let n = 0; performance.now() - began < MOTION_MS; n++) {
    sent.push(cdp.send('Input.dispatchMouseEvent', send(n, (performance.now() - began) / MOTION_MS)));
    await rest(8);
  }
  await Promise.all(sent);
  await cdp.detach();
}

const swing = (share) => Math.sin(share * 4 * Math.PI);

/** Pan and zoom, by wheel and by hand. Each ends about where it began. */
const motions = {
  'pan at 1,000 nodes, by wheel': (page, at) =>
    move(page, (_n, share) => ({
      type: 'mouseWheel',
      ...at,
      deltaX: 9 * swing(share),
      deltaY: 6 * swing(share),
    })),
  'zoom at 1,000 nodes, by wheel': (page, at) =>
    move(page, (_n, share) => ({
      type: 'mouseWheel',
      ...at,
      deltaX: 0,
      deltaY: -4 * swing(share),
      modifiers: 2,
    })),
  'pan at 1,000 nodes, by hand': async (page, at) => {
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await move(page, (_n, share) => ({
      type: 'mouseMoved',
      x: at.x + 150 * swing(share),
      y: at.y + 80 * swing(share),
      button: 'left',
      buttons: 1,
    }));
    await page.mouse.up();
  },
};

async function framesOf(page, name, at) {
  await page.bringToFront();
  await page.mouse.move(at.x, at.y);
  await page.evaluate(() => window.recorder.begin());
  await motions[name](page, at);
  const { frames, moves } = await page.evaluate(() => window.recorder.end());
  if (moves < 5)
    throw new Error(`${name}: “${await page.title()}” moved ${moves} times in ${frames.length} frames`);
  return frames;
}

/** A place of the canvas with nothing on it: a hand that presses on a card moves the card. */
async function emptyPlace(page, { nodes, box, camera }) {
  const covers = (x, y) => (node) => {
    const [left, top] = [camera.x + node.x * camera.zoom, camera.y + node.y * camera.zoom];
    return (
      x >= left - 4 &&
      x <= left + node.width * camera.zoom + 4 &&
      y >= top - 4 &&
      y <= top + node.height * camera.zoom + 4
    );
  };
  for (let y = 80; y < box.height - 80; y += 10)
    for (let x = box.width - 170; x > 170; x -= 10) {
      const at = { x: Math.round(box.left + x), y: Math.round(box.top + y) };
      if (nodes.some(covers(x, y))) continue;
      const isPane = await page.evaluate(
        (point) => document.elementFromPoint(point.x, point.y)?.classList.contains('react-flow__pane'),
        at,
      );
      if (isPane) return at;
    }
  throw new Error('the canvas is full');
}

/** Ours and the bare page in turns, so that what else the machine does meets both. */
async function measureMotion(ours, bare, drawn) {
  await ours.bringToFront();
  const at = await emptyPlace(ours, drawn);
  const rows = [];
  for (const name of Object.keys(motions)) {
    const [mine, theirs] = [[], []];
    for (let n = 0; n < ROUNDS; n++) {
      mine.push(...(await framesOf(ours, name, at)));
      theirs.push(...(await framesOf(bare, name, at)));
    }
    const reference = median(theirs);
    rows.push({
      name,
      unit: 'ms',
      value: median(mine),
      p95: part(mine, 0.95),
      reference: {
        name: `frame of bare React Flow, p95 ${part(theirs, 0.95).toFixed(1)} ms`,
        value: reference,
      },
      ratio: median(mine) / reference,
      aim: { most: 1.2 * reference, words: '1.2×' },
    });
  }
  return rows;
}

/** Traffic of so many devices in one line: every access is a token on its way. */
async function measureLookups(page, scripts) {
  const script = scripts.traffic(DEVICES);
  const total = script.split('\n').length;
  await page.evaluate(([text, cursor]) => window.ours.open(text, cursor), [script, total - 1]);
  await rest(SETTLE_MS);
  await page.getByRole('button', { name: 'Step', exact: true }).click();
  await page.waitForFunction(
    (line) =>
      document.querySelector('[aria-label="Line of the script"]')?.getAttribute('aria-valuetext') ===
      `after line ${line} of ${line}`,
    total,
  );
  const { frames, sprites } = await page.evaluate(async () => {
    const stop = window.ours.spritesPerFrame();
    window.recorder.begin();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return { ...window.recorder.end(), sprites: stop() };
  });
  const seconds = frames.reduce((sum, each) => sum + each, 0) / 1000;
  return {
    name: `${Math.round(sprites).toLocaleString('en')} look-ups on their way`,
    unit: 'frames/s',
    value: frames.length / seconds,
    p95: part(frames, 0.95),
    reference: { name: '60 frames a second of the display', value: 60 },
    ratio: frames.length / seconds / 60,
    aim: { least: 50, words: '50 frames/s' },
  };
}

/** Seconds of processor time of all of Chromium. */
async function cpuSeconds(cdp) {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** An open page with the machine of a thousand, and nobody touches it; less what an empty page costs. */
async function measureIdle(launch, url, script) {
  const browser = await launch();
  const cdp = await browser.newBrowserCDPSession();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const share = async () => {
    const [before, began] = [await cpuSeconds(cdp), performance.now()];
    await rest(IDLE_SECONDS * 1000);
    const used = (await cpuSeconds(cdp)) - before;
    return used / ((performance.now() - began) / 1000);
  };
  await page.goto('about:blank');
  await rest(SETTLE_MS);
  const blank = await share();
  await page.goto(url);
  await page.waitForFunction(() => window.ours !== undefined);
  await page.evaluate((text) => window.ours.open(text, null), script);
  await rest(2 * SETTLE_MS);
  const busy = await share();
  await browser.close();
  return {
    name: 'processor of an open page at rest',
    unit: '%',
    value: Math.max(0, 100 * (busy - blank)),
    p95: null,
    reference: { name: 'about:blank', value: 100 * blank },
    ratio: null,
    aim: { most: 2, words: '2 %' },
  };
}

async function measureGestures(ours, bare, scripts) {
  await ours.bringToFront();
  await ours.evaluate((text) => window.ours.open(text, null), scripts.gestureScene());
  await rest(1000);
  const drawn = await ours.evaluate(() => window.ours.drawn());
  const mine = await ours.evaluate(
    ([lines, device]) => window.ours.gestures(lines, device),
    [scripts.gestureLines(GESTURES), scripts.GESTURE_DEVICE],
  );
  await bare.bringToFront();
  await bare.evaluate((what) => window.bare.show(what), drawn);
  const theirs = await bare.evaluate((count) => window.bare.gestures(count), GESTURES - 1);
  return waited('gesture to the engine and back to pixels', mine, theirs, 50);
}

/** What 19 of 20 take. */
const waited = (name, mine, theirs, most) => ({
  name: `${name}, p95`,
  unit: 'ms',
  value: part(mine, 0.95),
  p95: null,
  reference: { name: 'an edge in bare React Flow, to pixels', value: part(theirs, 0.95) },
  ratio: part(mine, 0.95) / part(theirs, 0.95),
  aim: { most, words: `${most} ms` },
  samples: theirs,
});

/** A script that makes events as fast as the engine can, while a hand moves over the page. */
async function measureEvents(page, script, made) {
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
  const rate = made / (ms / 1000);
  const reference = { name: `${delays.length} movements of the pointer`, value: delays.length };
  return [
    {
      ...none,
      name: 'engine events',
      unit: '/s',
      value: rate,
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

const reached = ({ value, aim }) => value >= (aim.least ?? -Infinity) && value <= (aim.most ?? Infinity);

/** All figures of the page; `scripts` is the module src/bench/page/scripts.ts. */
export async function measurePage(root, outDir, scripts) {
  await buildPages(root, outDir);
  const server = await preview({
    configFile: false,
    root,
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: Number(process.env.BENCH_PORT ?? 4327) },
  });
  const url = server.resolvedUrls.local[0];
  const launch = () =>
    chromium.launch({
      executablePath: chromiumPath(root),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    });
  const rows = [];
  try {
    const browser = await launch();
    const open = async (path, ready) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const page = await context.newPage();
      await page.goto(`${url}${path}`);
      await page.waitForFunction(ready);
      return page;
    };
    const ours = await open('', () => window.ours !== undefined);
    const bare = await open('src/bench/page/bare.html', () => window.bare !== undefined);

    const big = scripts.thousandNodes();
    await ours.evaluate((text) => window.ours.open(text, null), big);
    await rest(SETTLE_MS);
    const drawn = await ours.evaluate(() => window.ours.drawn());
    await bare.bringToFront();
    await bare.evaluate((what) => window.bare.show(what), drawn);
    await rest(SETTLE_MS / 2);
    rows.push(...(await measureMotion(ours, bare, drawn)));

    const gesture = await measureGestures(ours, bare, scripts);
    rows.push(gesture);
    await ours.bringToFront();
    rows.push(await measureLookups(ours, scripts));

    const long = scripts.longScene(LINES);
    rows.push(...(await measureEvents(ours, long, scripts.eventsMade(long))));
    await rest(SETTLE_MS);
    const targets = Array.from({ length: SEEKS }, (_, n) => 1 + ((n * 6151 + 977) % LINES));
    const seeks = await ours.evaluate((lines) => window.ours.seeks(lines), targets);
    rows.push(waited('seek to any line of 10,000, to pixels', seeks, gesture.samples, 100));
    await browser.close();
    rows.push(await measureIdle(launch, url, big));
  } finally {
    await server.close();
  }
  return rows.map(({ samples: _samples, ...row }) => ({ ...row, reached: reached(row) }));
}

const figure = (value, unit) =>
  value === null
    ? '–'
    : `${unit === 'ms' || unit === '%' ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ${unit}`.trim();

/** A row of the table: name, here, p95, reference, aim, reference's name. */
export const pageCells = ({ name, value, p95, unit, reference, ratio, aim, reached: ok }) => [
  name,
  figure(value, unit),
  p95 === null ? '–' : figure(p95, 'ms'),
  ratio === null ? '–' : `${ratio.toFixed(2)}×`,
  `${aim.words} ${ok ? 'reached' : 'MISSED'}`,
  `${reference.name}: ${figure(reference.value, reference.name.startsWith('about') ? '%' : reference.name.includes('React Flow') ? 'ms' : '')}`,
];
export const PAGE_HEAD = ['page', 'here', 'p95', 'ratio', 'aim', 'reference'];
