import { chromium } from 'playwright';
const out = '/tmp/shots-canvas/';
const only = process.argv[2]?.split(',');
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const base = 'http://localhost:5181/src/canvas/story/index.html';
async function shot(name, query, size, act, opts = {}) {
  if (only && !only.includes(name)) return;
  const ctx = await browser.newContext({ viewport: size, deviceScaleFactor: 1.25, ...opts });
  const page = await ctx.newPage();
  page.on('console', (m) => {
    if (['error', 'warning', 'log'].includes(m.type())) console.log(name, m.type(), m.text().slice(0, 300));
  });
  page.on('pageerror', (e) => console.log(name, 'PAGEERROR', e.message));
  await page.goto(base + query);
  await page.waitForSelector('.card');
  await page.waitForTimeout(400);
  if (act) await act(page);
  await page.screenshot({ path: out + name + '.png' });
  await ctx.close();
}
const L = { width: 1500, height: 900 };
const set = (page, s) => page.evaluate((s) => window.useApp.setState(s), s);
await shot('light', '', L);
await shot('dark', '?theme=dark', L, (p) => set(p, { selection: 'dev:0000:01:00.0' }));
await shot('walk', '', L, async (p) => {
  await zoomTo(p);
  await set(p, { playback: { lookup: 0, step: 5, playing: false, speed: 2, running: false } });
  await p.waitForTimeout(500);
});
await shot('walkend', '?theme=dark', L, async (p) => {
  await zoomTo(p);
  await set(p, { playback: { lookup: 0, step: 7, playing: false, speed: 2, running: false } });
  await p.waitForTimeout(500);
});
await shot('hit', '', L, async (p) => {
  await zoomTo(p);
  await set(p, { playback: { lookup: 1, step: 2, playing: false, speed: 2, running: false } });
  await p.waitForTimeout(500);
});
await shot('mid', '', L, async (p) => {
  await zoomTo(p);
  await set(p, { playback: { lookup: 0, step: 6, playing: true, speed: 0.3, running: false } });
  await p.waitForTimeout(100);
  await set(p, { playback: { lookup: 0, step: 7, playing: true, speed: 0.3, running: false } });
  await p.waitForTimeout(560);
});
await shot('fault', '', L, async (p) => {
  await zoomTo(p);
  await set(p, { playback: { lookup: 2, step: 5, playing: false, speed: 2, running: false } });
  await p.waitForTimeout(500);
});
await shot('kernel', '', L, async (p) => {
  await zoomTo(p);
  await set(p, { playback: { lookup: 3, step: 7, playing: false, speed: 2, running: false } });
  await p.waitForTimeout(500);
});
await shot(
  'reduced',
  '',
  L,
  async (p) => {
    await zoomTo(p);
    await set(p, { playback: { lookup: 0, step: 7, playing: false, speed: 2, running: false } });
    await p.waitForTimeout(500);
  },
  { reducedMotion: 'reduce' },
);
await shot('connect', '', L, async (p) => {
  await zoomTo(p);
  await drag(p, 'ioas:1.2');
});
await shot('connectok', '?theme=dark', L, async (p) => {
  await zoomTo(p);
  await drag(p, 'hwpt:1.7');
});
await shot('server', '?n=130', { width: 1800, height: 1100 });
await shot('servermix', '?n=130&mix', { width: 1800, height: 1100 });
await shot('narrow', '', { width: 420, height: 760 });
await shot('forced', '', L, null, { forcedColors: 'active' });
await shot('keyboard', '', L, async (p) => {
  await zoomTo(p);
  await p.keyboard.press('Tab');
  await p.keyboard.press('Home');
  for (let i = 0; i < 5; i++) await p.keyboard.press('ArrowDown');
  await p.keyboard.press('c');
  await p.waitForTimeout(100);
  await p.keyboard.press('ArrowDown');
  await p.keyboard.press('ArrowDown');
  await p.keyboard.press('ArrowDown');
  await p.waitForTimeout(300);
  console.log(
    await p.locator('[role=status]').textContent(),
    await p.locator('.canvas').getAttribute('aria-activedescendant'),
  );
});
async function zoomTo(p) {
  await p.evaluate(() => {});
  for (let i = 0; i < 0; i++);
}
async function drag(p, target) {
  const node = p.locator('[data-id="dev:0000:01:00.0"]').first();
  await node.hover();
  const g = await node.locator('.grip').boundingBox();
  const t = await p.locator(`[data-id="${target}"]`).first().boundingBox();
  await p.mouse.move(g.x + g.width / 2, g.y + g.height / 2);
  await p.mouse.down();
  await p.mouse.move(g.x + 60, g.y + 20, { steps: 4 });
  await p.mouse.move(t.x + t.width * 0.3, t.y + t.height * 0.5, { steps: 8 });
  await p.waitForTimeout(250);
}
await browser.close();
