import { defineConfig } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const port = Number(process.env.E2E_PORT ?? 4317);

/** The Chromium that `.scripts/setup.mjs --browser` found. */
function executablePath(): string | undefined {
  const file = `${root}.cache/chromium.json`;
  if (!existsSync(file)) return process.env.CHROMIUM_PATH;
  return (JSON.parse(readFileSync(file, 'utf8')) as { executablePath: string }).executablePath;
}

const path = executablePath();

/** One panel from end to end: too long for every day, and what they are about has unit tests. `npm run test:full` runs them. */
const DEEP = ['groups-panel', 'hardware', 'import-report', 'ioctls', 'kernel-lines', 'rows'].map(
  (name) => `**/${name}.spec.ts`,
);

export default defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  reporter: [['line'], ['json', { outputFile: '../.cache/playwright.json' }]],
  workers: 2,
  // A test that passes only the second time is told as flaky, by its name, and counted; it does not stop a release.
  retries: process.env.CI === undefined ? 0 : 1,
  fullyParallel: true,
  forbidOnly: process.env.CI !== undefined,
  // axe.spec.ts looks at every panel and dialog in both themes every day; `npm run test:full` has each spec look too, and
  // runs what is marked as long.
  ...(process.env.FULL === '1' ? {} : { grepInvert: /in (light|dark)\b|@full\b/, testIgnore: DEEP }),
  timeout: 120_000, // what a test waits for is told by its expectations; a slow machine is no failure
  expect: { timeout: 15_000 },
  use: {
    browserName: 'chromium',
    baseURL: `http://127.0.0.1:${String(port)}/`,
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    // What one kept would answer for the server under test: offline.spec.ts alone is about that.
    serviceWorkers: 'block',
    launchOptions: {
      ...(path === undefined ? {} : { executablePath: path }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  webServer: {
    // The build, as people get it; `npm run build` comes first.
    command: `npx vite preview --host 127.0.0.1 --port ${String(port)} --strictPort`,
    cwd: root,
    url: `http://127.0.0.1:${String(port)}/`,
    timeout: 60_000,
    reuseExistingServer: false,
  },
});
