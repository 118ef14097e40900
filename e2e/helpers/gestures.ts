import type { Locator, Page } from '@playwright/test';
import { node } from './scene';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export async function centerOf(locator: Locator): Promise<Point> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('it is not on the screen');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Takes hold of a point and moves to another one, without letting go. */
export async function carry(page: Page, from: Point, to: Point): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 16, from.y + 4, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 10 });
}

export async function drag(page: Page, from: Point, to: Point): Promise<void> {
  await carry(page, from, to);
  await page.mouse.up();
}

/** A device's grip shows when the pointer is on the device. */
export async function gripOf(page: Page, id: string): Promise<Point> {
  await node(page, id).hover();
  return centerOf(node(page, id).locator('.grip'));
}

/** The end of the only attach edge: where a hand takes it. */
export const edgeEnd = (page: Page): Promise<Point> => centerOf(page.locator('.edge-grip'));

/** A point in the middle of the wire from the IOMMU to the page table of the only attach edge. */
export async function wireOf(page: Page): Promise<Point> {
  const path = page.locator('.react-flow__edge[data-id^="attach:"] path.react-flow__edge-interaction');
  return path.evaluate((element: Element) => {
    const wire = element as SVGPathElement;
    const matrix = wire.getScreenCTM();
    if (matrix === null) throw new Error('the wire is not drawn');
    const { x, y } = wire.getPointAtLength(wire.getTotalLength() * 0.92).matrixTransform(matrix);
    return { x, y };
  });
}

/** One finger. Playwright taps, but it does not drag. */
export interface Finger {
  down(at: Point): Promise<void>;
  slide(to: Point): Promise<void>;
  up(): Promise<void>;
}

const SLIDES = 10;

export async function fingerOn(page: Page): Promise<Finger> {
  const session = await page.context().newCDPSession(page);
  let at: Point = { x: 0, y: 0 };
  const tell = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: Point[]): Promise<unknown> =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints });
  return {
    async down(point) {
      at = point;
      await tell('touchStart', [point]);
    },
    async slide(to) {
      const from = at;
      for (let step = 1; step <= SLIDES; step++) {
        at = { x: from.x + ((to.x - from.x) * step) / SLIDES, y: from.y + ((to.y - from.y) * step) / SLIDES };
        await tell('touchMove', [at]);
      }
    },
    async up() {
      await tell('touchEnd', []);
    },
  };
}
