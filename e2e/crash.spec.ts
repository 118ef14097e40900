import type { Page } from '@playwright/test';
import { ATTACHED, lines, NIC, node, openScene, run, stateOf, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/**
 * Something that cannot be drawn. What comes from the engine is spoilt on its way into the page: the page has no door for
 * tests, and needs none.
 */
test.use({ ...reducedMotion, permissions: ['clipboard-read', 'clipboard-write'] });

type Spoil = 'events' | 'objects' | null;
declare global {
  interface Window {
    spoil: Spoil;
  }
}

const total = ATTACHED.split('\n').length;

async function openSpoilable(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.spoil = null;
    const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data')!.get!;
    interface Batch {
      events: { kinds: unknown }[];
      set: { type: string; bdf?: unknown }[];
    }
    const batchIn = (value: unknown): Batch | null => {
      if (typeof value !== 'object' || value === null) return null;
      if ('batch' in value) return value.batch as Batch;
      return 'value' in value ? batchIn(value.value) : null;
    };
    Object.defineProperty(MessageEvent.prototype, 'data', {
      get() {
        const value: unknown = data.call(this);
        const batch = window.spoil === null ? null : batchIn(value);
        if (window.spoil === 'events') for (const each of batch?.events ?? []) each.kinds = null;
        if (window.spoil === 'objects')
          for (const each of batch?.set ?? []) if (each.type === 'device') each.bdf = null;
        return value;
      },
    });
  });
  await openScene(page, ATTACHED);
}

const spoil = (page: Page, what: Spoil): Promise<void> =>
  page.evaluate((next) => void (window.spoil = next), what);
const failed = (page: Page, what: string) => page.getByRole('alert', { name: `${what} could not be shown` });
const undo = (page: Page) => page.getByRole('button', { name: 'Undo', exact: true });

test('a panel that fails says so in its place, and a step back brings it up again', async ({
  page,
  guard,
}) => {
  guard.allow(/null|undefined|kinds/);
  await openSpoilable(page);
  await page.getByRole('tab', { name: 'Trace' }).click();
  await page.getByRole('tab', { name: 'Events' }).click();
  await spoil(page, 'events');
  await run(page, 'late = IOAS_ALLOC ctx');
  const alert = failed(page, 'This panel');
  await expect(alert).toBeVisible();
  await expect(lines(page)).toHaveCount(total + 1);
  await expect(node(page, 'ioas:1.5')).toBeVisible(); // the canvas goes on

  await alert.getByRole('button', { name: 'Copy report' }).click();
  await expect(alert.getByRole('status')).toContainText('Copied');
  const report = await page.evaluate(() => navigator.clipboard.readText());
  for (const part of [
    /^IOMMU Playground \d+\.\d+\.\d+: This panel could not be shown\n/,
    /TypeError/,
    /\n {4}at /,
    `Time: after line ${total + 1} of ${total + 1}`,
    `- line ${total + 1}: wrote late = IOAS_ALLOC ctx`,
    ATTACHED,
  ])
    expect(report).toMatch(part instanceof RegExp ? part : new RegExp(escaped(part)));

  await spoil(page, null);
  await alert.getByRole('button', { name: 'Undo the last step' }).click();
  await expect(alert).toHaveCount(0);
  await expect(lines(page)).toHaveCount(total);
  await expect(page.getByRole('tabpanel', { name: 'Events' }).getByRole('status')).toContainText('events');
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('a canvas that fails is loaded again with its script, place in time, selection and undo', async ({
  page,
  guard,
}) => {
  guard.allow(/null|undefined|bdf/);
  await openSpoilable(page);
  await node(page, NIC).click();
  await run(page, 'late = IOAS_ALLOC ctx');
  await expect(lines(page)).toHaveCount(total + 1);
  const before = (await stateOf(page)) as { script: string[] };
  await spoil(page, 'objects');
  await run(page, 'DETACH dev');
  const alert = failed(page, 'The canvas');
  await expect(alert).toBeVisible();

  await alert.getByRole('button', { name: 'Reload the page' }).click();
  await expect(page.getByText('Your scene is back, with its steps of undo.')).toBeVisible();
  await expect(node(page, NIC)).toBeVisible();
  await expect(alert).toHaveCount(0);
  await expect(lines(page)).toHaveCount(total + 2);
  await expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${total + 2} of ${total + 2}`);
  await expect(
    page.getByRole('tabpanel', { name: 'Object' }).getByRole('heading', { name: /02:00\.0/ }),
  ).toBeVisible();
  await undo(page).click();
  await expect.poll(() => stateOf(page)).toEqual(before);
  await undo(page).click();
  await expect(lines(page)).toHaveCount(total);
});

test('an engine that dies in the past leaves place in time, selection, future and undo as they were', async ({
  page,
  guard,
}) => {
  guard.allow(/boom/);
  await openScene(page, ATTACHED);
  await node(page, NIC).click();
  await run(page, 'late = IOAS_ALLOC ctx');
  await time(page).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${total} of ${total + 1}`);
  const good = await stateOf(page);
  const next = page.waitForEvent('worker');
  await page.workers()[0]!.evaluate(() => {
    setTimeout(() => {
      throw new Error('boom');
    });
  });
  const banner = page.getByRole('alert').filter({ hasText: 'The engine stopped' });
  await banner.getByRole('button', { name: 'Copy report' }).click();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toContain('boom');
  expect(report).toContain(`Time: after line ${total} of ${total + 1}`);
  await next;
  await expect(banner).toBeHidden();
  await expect.poll(() => stateOf(page)).toEqual(good);
  await expect(
    page.getByRole('tabpanel', { name: 'Object' }).getByRole('heading', { name: /02:00\.0/ }),
  ).toBeVisible();
  await undo(page).click();
  await expect(lines(page)).toHaveCount(total);
});
