// Makes the checkout ready: installs packages where node_modules lacks some, and with --browser finds a Chromium for the
// browser tests or installs one. Says nothing and takes no time when all is there. Uses nothing but Node.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const browserFile = join(root, '.cache/chromium.json');
const windows = process.platform === 'win32';

/** Runs a command in the foreground; true when it ended well. */
function run(command, args, env = {}) {
  console.log(`> ${[command, ...args].join(' ')}`);
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } };
  return spawnSync(command, args, { ...options, shell: windows }).status === 0;
}

/** Runs a command in silence; its output, or null when it failed. */
function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 30_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : null;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return null;
  }
}

/** Whether node_modules holds what the lock file asks for; npm notes in a file of its own what it has put there. */
function packagesAreThere() {
  const wanted = readJson('package-lock.json')?.packages ?? {};
  const present = readJson('node_modules/.package-lock.json')?.packages;
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    // An optional package may belong to another system.
    return (
      path === '' || (present[path] === undefined ? optional === true : present[path].version === version)
    );
  });
}

export function setupPackages() {
  if (packagesAreThere()) return true;
  console.log('Installing packages (once; a minute or so) …');
  return run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // next folder
    }
  }
  return null;
}

/** Some systems put a stub on the PATH that only tells how to install the real one. */
const works = (path) =>
  path !== null && existsSync(path) && ask(path, ['--version', '--no-sandbox']) !== null;

async function playwrightsOwn() {
  const { chromium } = await import(
    pathToFileURL(join(root, 'node_modules/@playwright/test/index.mjs')).href
  );
  return chromium.executablePath();
}

async function findBrowser() {
  const asked = process.env.CHROMIUM_PATH;
  if (asked) return works(asked) ? asked : null;
  const known = readJson('.cache/chromium.json')?.executablePath ?? null;
  if (works(known)) return known;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const path = onPath(name);
    if (works(path)) return path;
  }
  const own = await playwrightsOwn();
  return works(own) ? own : null;
}

function installBrowser() {
  console.log('Installing Chromium for the browser tests (once) …');
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? [] : ['sudo', '-n'];
  const mayInstall = isRoot || (onPath('sudo') !== null && ask('sudo', ['-n', 'true']) !== null);
  if (onPath('apt-get') !== null && mayInstall) {
    const apt = (...args) => {
      const [command, ...rest] = [...sudo, 'apt-get', ...args];
      return run(command, rest, { DEBIAN_FRONTEND: 'noninteractive' });
    };
    apt('update', '-q');
    // Ubuntu's package of this name is a stub for snap, which findBrowser() then refuses.
    if (apt('install', '-q', '-y', '--no-install-recommends', 'chromium')) return true;
  }
  return run('npx', ['playwright', 'install', ...(mayInstall ? ['--with-deps'] : []), 'chromium']);
}

/** Path of a Chromium that runs, or null; written down for the Playwright config. */
export async function setupBrowser() {
  let path = await findBrowser();
  if (path === null && !process.env.CHROMIUM_PATH && installBrowser()) path = await findBrowser();
  if (path === null) {
    const named = process.env.CHROMIUM_PATH;
    console.error(
      named
        ? `CHROMIUM_PATH names ${named}, which does not run.`
        : 'No Chromium was found or could be installed. Install one, or name one in CHROMIUM_PATH.',
    );
    return null;
  }
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(browserFile, `${JSON.stringify({ executablePath: path })}\n`);
  return path;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ready = setupPackages() && (!process.argv.includes('--browser') || (await setupBrowser()) !== null);
  if (!ready) process.exitCode = 1;
}
