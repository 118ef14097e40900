import { test as base, expect, type BrowserContext, type PlaywrightTestOptions } from '@playwright/test';

/**
 * Playwright's `test`, with a guard: an uncaught error, a console.error (a violated content security policy is one), or a
 * request to another server on any page of the test makes it fail. Import `test` and `expect` from here.
 */
export interface Guard {
  /** Lets a test go on that provokes an error on purpose. */
  allow(expected: RegExp): void;
}

export const test = base.extend<{ guard: Guard }>({
  guard: [
    async ({ context, baseURL }, use) => {
      const problems: string[] = [];
      const allowed: RegExp[] = [];
      watch(context, baseURL ?? '', (problem) => problems.push(problem));
      await use({ allow: (expected) => void allowed.push(expected) });
      const left = problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)));
      expect(left, 'errors on the page').toEqual([]);
    },
    { auto: true },
  ],
});

function watch(context: BrowserContext, baseURL: string, tell: (problem: string) => void): void {
  context.on('weberror', (event) => {
    tell(`uncaught: ${String(event.error().stack ?? event.error())}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') tell(`console.error: ${message.text()}`);
  });
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    const own = origin === new URL(baseURL).origin || protocol === 'data:' || protocol === 'blob:';
    if (!own) tell(`request to another server: ${request.url()}`);
  });
}

/** `test.use(reducedMotion)`: the page is asked to keep still. */
export const reducedMotion: Partial<PlaywrightTestOptions> = { contextOptions: { reducedMotion: 'reduce' } };

export { expect };
