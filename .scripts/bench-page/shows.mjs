// What moves by itself, and what an open page costs when nothing does.
/* global window, document, setTimeout -- what is evaluated within the page */
import { setTimeout as rest } from 'node:timers/promises';
import { part } from './figures.mjs';
import { launch } from './browser.mjs';

const DEVICES = 80;
/** At a step a second: until the first tokens have come to their ends, and as long as all go on setting out. */
const SETTING_OUT_MS = 1900;
const SHOW_MS = 1200;
const SETTLE_MS = 4000;
/** Longer than what comes after loading once and no more: the engine of the browser tidies up its memory for some seconds. */
const IDLE_SECONDS = 30;

/** Traffic of so many devices in one line: every access is a token on its way. */
export async function measureLookups(page, scripts) {
  await page.bringToFront();
  const script = scripts.traffic(DEVICES);
  const total = script.split('\n').length;
  await page.evaluate(([text, cursor]) => window.ours.open(text, cursor), [script, total - 1]);
  await rest(SETTLE_MS);
  await page.getByRole('combobox', { name: /^Speed/ }).selectOption('1');
  await page.getByRole('button', { name: 'Step', exact: true }).click();
  await page.waitForFunction(
    (line) =>
      document.querySelector('[aria-label="Line of the script"]')?.getAttribute('aria-valuetext') ===
      `after line ${line} of ${line}`,
    total,
  );
  await rest(SETTING_OUT_MS);
  const { frames, tokens } = await page.evaluate(async (length) => {
    const before = await window.ours.tokensInAFrame();
    window.recorder.begin();
    await new Promise((resolve) => setTimeout(resolve, length));
    const { frames } = window.recorder.end();
    return { frames, tokens: Math.min(before, await window.ours.tokensInAFrame()) };
  }, SHOW_MS);
  const seconds = frames.reduce((sum, each) => sum + each, 0) / 1000;
  return [
    {
      name: `${tokens.toLocaleString('en')} look-ups on their way`,
      unit: 'frames/s',
      value: frames.length / seconds,
      p95: part(frames, 0.95),
      reference: { name: '60 frames a second of the display', value: 60 },
      ratio: frames.length / seconds / 60,
      aim: { least: 50, words: '50 frames/s' },
    },
  ];
}

/** Seconds of processor time of all of Chromium. */
async function cpuSeconds(cdp) {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** An open page with the machine of a thousand, and nobody touches it; less what an empty page costs. */
export async function measureIdle(root, url, script) {
  const browser = await launch(root);
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
  return [
    {
      name: 'processor of an open page at rest',
      unit: '%',
      value: Math.max(0, 100 * (busy - blank)),
      p95: null,
      reference: { name: 'about:blank', value: 100 * blank },
      ratio: null,
      aim: { most: 2, words: '2 %' },
    },
  ];
}
