import type { TestInfo } from '@playwright/test';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeExample, type Tool } from '../../.scripts/docs-sites';

/** Documentation tools: found or installed apart from the project, which does not depend on them; and their sites, served. */

const cache = fileURLToPath(new URL('../../.cache/docs-sites/', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly output: string;
}

export function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', DOCUSAURUS_NO_TELEMETRY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    child.on('error', (problem) => resolve({ code: 127, output: String(problem) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A fresh copy of the example for one test, whichever others run beside it. */
export function exampleFor({ parallelIndex }: TestInfo, tool: Tool, playground: string): string {
  const folder = join(cache, `${tool}-${parallelIndex}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  makeExample(tool, folder, playground);
  return folder;
}

/** The one place of an example with packages of its own, which stay; what it was built into goes. */
export function exampleWithPackages(tool: Tool, playground: string, built: string): string {
  const folder = join(cache, tool);
  rmSync(join(folder, built), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  makeExample(tool, folder, playground);
  return folder;
}

/** Null, or why there is no Sphinx. As .scripts/setup.mjs does it for Chromium: from Debian, where that is allowed. */
export async function sphinxIsMissing(): Promise<string | null> {
  const there = async (): Promise<boolean> => (await run('sphinx-build', ['--version'], '.')).code === 0;
  if (await there()) return null;
  if (process.getuid?.() !== 0) return 'sphinx-build is not installed, and only root can install it';
  const apt = (...args: string[]): Promise<Ran> => run('apt-get', args, '.');
  const install = ['install', '-q', '-y', '--no-install-recommends', 'python3-sphinx'];
  if ((await apt(...install)).code !== 0) {
    await apt('update', '-q');
    await apt(...install);
  }
  return (await there()) ? null : 'sphinx-build is not installed, and apt-get could not install it';
}

/** Null, or why what the example's package.json asks for is not there. */
export async function packagesAreMissing(folder: string): Promise<string | null> {
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
  };
  const has = ([name, version]: [string, string]): boolean => {
    const file = join(folder, 'node_modules', name, 'package.json');
    return (
      existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version === version
    );
  };
  if (Object.entries({ ...wanted.dependencies, ...wanted.devDependencies }).every(has)) return null;
  const { code, output } = await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock'],
    folder,
  );
  return code === 0 ? null : `npm install failed: ${output.trim().split('\n').slice(-3).join(' ')}`;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

export interface Served {
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** A folder, or pages made as they are asked for, as a site of an origin of its own: neither the playground's nor any other's. */
export async function serve(
  folder: string,
  pages: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    const page = pages[path];
    const file = [path, `${path}index.html`, `${path}/index.html`, `${path}.html`]
      .map((name) => join(folder, name))
      .find((name) => existsSync(name) && extname(name) !== '');
    // Browsers ask for an icon.
    if (page === undefined && file === undefined)
      return response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
    response.writeHead(200, {
      'Content-Type': page !== undefined ? TYPES['.html'] : (TYPES[extname(file ?? '')] ?? 'text/plain'),
      ...headers,
    });
    response.end(page ?? readFileSync(file ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
