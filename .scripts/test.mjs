// Everything that must hold, in one command, on a fresh clone with nothing but Node. A stage that fails does not stop the
// others; the last line is the sum. --full lets tests that are too long for every day run too (FULL=1).
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setupBrowser, setupPackages } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = `${root}.cache/`;
const minutes = (count) => count * 60_000;

/** One check, or a runner of many tests with a JSON report to count them by. What keeps one core busy has a `partner` beside it. */
const stages = [
  { name: 'lint', script: 'check:lint', partner: { name: 'types', script: 'check:types' } },
  { name: 'format', script: 'check:format', partner: { name: 'layers', script: 'check:layers' } },
  {
    name: 'unit',
    script: 'test:unit',
    args: ['--reporter=default', '--reporter=json', `--outputFile.json=${cache}vitest.json`],
    count: () => countVitest(readReport('vitest.json')),
  },
  { name: 'build', script: 'build', partner: { name: 'doors', script: 'build:doors' } },
  { name: 'kernel', script: 'test:kernel', needs: 'doors', count: () => readReport('kernel.json') },
  { name: 'size', script: 'check:size', needs: 'build' },
  {
    name: 'e2e',
    script: 'test:e2e',
    needs: 'build',
    count: () => countPlaywright(readReport('playwright.json')),
  },
];

const readReport = (name) => JSON.parse(readFileSync(cache + name, 'utf8'));

function countVitest({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  // A file that cannot even be loaded has no tests to fail.
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests };
}

const countPlaywright = ({ stats }) => ({
  passed: stats.expected + stats.flaky,
  failed: stats.unexpected,
  skipped: stats.skipped,
  flaky: stats.flaky,
});

/** Runs `npm run <script>`, its output passed on; the exit code. */
function run({ script, args = [] }, env) {
  return new Promise((resolve) => {
    const words = ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])];
    const child = spawn('npm', words, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      shell: process.platform === 'win32',
      timeout: minutes(20),
    });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** A port that nobody uses, so that two checkouts can be tested at once. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What a stage came to. An exit code that its own report does not explain is one more failure. */
function outcome(stage, code) {
  if (stage.count === undefined)
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  try {
    const counted = stage.count();
    return code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function runStages(env) {
  const results = [];
  for (const stage of stages) {
    const both = stage.partner === undefined ? [stage] : [stage, stage.partner];
    results.push(...(await Promise.all(both.map((each) => runStage(each, results, env)))));
  }
  return results;
}

async function runStage(stage, results, env) {
  const needed = results.find((result) => result.name === stage.needs);
  if (needed !== undefined && needed.failed > 0)
    return { name: stage.name, passed: 0, failed: 1, skipped: 0, seconds: 0, note: `needs ${stage.needs}` };
  console.log(`\n── ${stage.name} ──`);
  const start = performance.now();
  const code = await run(stage, env);
  const seconds = (performance.now() - start) / 1000;
  return { name: stage.name, note: '', ...outcome(stage, code), seconds };
}

function summary(results) {
  console.log('');
  for (const { name, passed, failed, skipped, flaky = 0, seconds, note } of results) {
    const mark = failed > 0 ? 'FAIL' : 'ok  ';
    const counts = [
      `${passed} passed`,
      failed > 0 && `${failed} failed`,
      skipped > 0 && `${skipped} skipped`,
      flaky > 0 && `${flaky} only at the second try`,
      note,
    ];
    console.log(
      `${mark} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${counts.filter(Boolean).join(', ')}`,
    );
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0;
}

async function main() {
  if (!setupPackages()) {
    console.error('npm ci failed; see above.');
    console.log('0 passed, 1 failed');
    return false;
  }
  // Without a browser the other stages still say something; the browser tests then fail on their own.
  await setupBrowser();
  mkdirSync(cache, { recursive: true });
  for (const report of ['vitest.json', 'playwright.json', 'kernel.json'])
    rmSync(cache + report, { force: true });
  const full = process.argv.includes('--full') ? { FULL: '1' } : {};
  return summary(await runStages({ E2E_PORT: String(await freePort()), ...full }));
}

if (!(await main())) process.exitCode = 1;
