import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

/** No rule of WCAG 2.1 A and AA that axe can check is broken; a failure names the rule and the elements. */
export const expectAccessible = (page: Page, within = 'html'): Promise<void> =>
  expectNothing(new AxeBuilder({ page }).include(within).withTags(WCAG));

/** What another theme can break: contrast. */
export const expectReadable = (page: Page, within = 'html'): Promise<void> =>
  expectNothing(new AxeBuilder({ page }).include(within).withRules(['color-contrast']));

async function expectNothing(axe: AxeBuilder): Promise<void> {
  const { violations } = await axe.analyze();
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} — ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  );
  expect(found).toEqual([]);
}
