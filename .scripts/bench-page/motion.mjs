// Pan and zoom, beside the bare page.
/* global window, document -- what is evaluated within the page */
import { setTimeout as rest } from 'node:timers/promises';
import { median, part } from './figures.mjs';

const ROUNDS = 3;
const MOTION_MS = 1500;

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

/** Each ends about where it began. */
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

async function framesOf(page, name) {
  await page.bringToFront();
  const at = await emptyPlace(page);
  await page.mouse.move(at.x, at.y);
  await page.evaluate(() => window.recorder.begin());
  await motions[name](page, at);
  const { frames, moves } = await page.evaluate(() => window.recorder.end());
  if (moves < 5)
    throw new Error(`${name}: “${await page.title()}” moved ${moves} times in ${frames.length} frames`);
  return frames;
}

/**
 * The place nearest to the middle of the canvas with nothing on it: a card, a wire or a handle would take the hand for
 * itself. Each page is asked before each motion, for the motions before it may have left things elsewhere.
 */
async function emptyPlace(page) {
  const found = await page.evaluate(() => {
    const pane = document.querySelector('.react-flow__pane');
    const { left, top, width, height } = pane.getBoundingClientRect();
    // From afar our cards are painted, and become elements below the hand.
    const { nodes, camera } = window.ours?.drawn() ?? { nodes: [], camera: { x: 0, y: 0, zoom: 1 } };
    const cards = nodes.map((node) => ({
      left: left + camera.x + node.x * camera.zoom - 4,
      top: top + camera.y + node.y * camera.zoom - 4,
      right: left + camera.x + (node.x + node.width) * camera.zoom + 4,
      bottom: top + camera.y + (node.y + node.height) * camera.zoom + 4,
    }));
    const covers =
      ({ x, y }) =>
      (card) =>
        x >= card.left && x <= card.right && y >= card.top && y <= card.bottom;
    const isEmpty = (at) => document.elementFromPoint(at.x, at.y) === pane && !cards.some(covers(at));
    const places = [];
    for (let y = 90; y < height - 90; y += 6)
      for (let x = 160; x < width - 160; x += 6)
        places.push({ x: Math.round(left + x), y: Math.round(top + y) });
    const far = ({ x, y }) => Math.hypot(x - left - width / 2, y - top - height / 2);
    return places.sort((a, b) => far(a) - far(b)).find(isEmpty);
  });
  if (found === undefined) throw new Error(`the canvas of “${await page.title()}” is full`);
  return found;
}

/** Ours and the bare page in turns, so that what else the machine does meets both. */
export async function measureMotion(ours, bare) {
  const rows = [];
  for (const name of Object.keys(motions)) {
    const [mine, theirs] = [[], []];
    for (let n = 0; n < ROUNDS; n++) {
      mine.push(...(await framesOf(ours, name)));
      theirs.push(...(await framesOf(bare, name)));
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
