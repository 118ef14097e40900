import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesIn, finish } from '../../.scripts/offline';
import { test as base } from './test';

/** The build under test, as files. */
export const BUILD = process.env.E2E_DIST ?? fileURLToPath(new URL('../../dist/', import.meta.url));

/** Somebody's server: the build lies under a deep path, and beside it are pages of the same origin. */
export interface Site {
  /** The folder of the playground. */
  readonly address: string;
  /** A page beside it. */
  readonly page: (body: string) => string;
  /** From now on another folder is served. */
  readonly deploy: (folder: string) => void;
  /** Files that the server has lost: it answers 404. */
  readonly lose: (pattern: RegExp | null) => void;
  /** Nobody answers under the playground's path any more, or again. */
  readonly cut: (cut: boolean) => void;
  readonly asked: readonly string[];
}

const PATH = '/a/b/c/';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.gz': 'application/gzip',
  '.webmanifest': 'application/manifest+json',
};

export const test = base.extend<{ site: Site; folder: (name: string) => string }>({
  /** Folders that last as long as the test. */
  // eslint-disable-next-line no-empty-pattern -- Playwright wants a pattern here
  folder: async ({}, use) => {
    const made = mkdtempSync(join(tmpdir(), 'iommu-playground-'));
    await use((name) => join(made, name));
    rmSync(made, { recursive: true, force: true });
  },

  site: async ({ guard }, use) => {
    let root = BUILD;
    let lost: RegExp | null = null;
    let cut = false;
    const pages: string[] = [];
    const asked: string[] = [];
    const send = (response: ServerResponse, type: string, body: Buffer | string): void => {
      response.writeHead(200, {
        'Content-Type': type,
        'Cache-Control': 'no-cache',
        // Frames in a sandbox have no origin of their own.
        'Access-Control-Allow-Origin': '*',
      });
      response.end(body);
    };
    const server = await listen((path, response) => {
      const page = pages[Number(/^\/page-(\d+)$/.exec(path)?.[1])];
      if (page !== undefined) return send(response, 'text/html', page);
      if (cut) return void response.destroy();
      const name = path.startsWith(PATH) ? path.slice(PATH.length) || 'index.html' : '';
      asked.push(name);
      if (name === '' || lost?.test(name) === true || !existsSync(join(root, name))) {
        response.writeHead(404);
        return void response.end();
      }
      send(response, TYPES[extname(name)] ?? 'application/octet-stream', readFileSync(join(root, name)));
    });
    const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    guard.allow(new RegExp(`^request to another server: ${origin}/`));
    await use({
      address: origin + PATH,
      page: (body) =>
        `${origin}/page-${String(pages.push(`<!doctype html><link rel="icon" href="data:,">${body}`) - 1)}`,
      deploy: (folder) => (root = folder),
      lose: (pattern) => (lost = pattern),
      cut: (now) => {
        cut = now;
        if (now) server.closeAllConnections();
      },
      asked,
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});

export { expect } from './test';

async function listen(answer: (path: string, response: ServerResponse) => void): Promise<Server> {
  const server = createServer((request, response) =>
    answer(new URL(request.url ?? '/', 'http://here').pathname, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/**
 * A copy of the build as a later release would be: each file of assets/ has another name, and everything that names it says so. Of the
 * old ones the server has nothing left.
 */
export async function nextVersion(to: string): Promise<string> {
  cpSync(BUILD, to, { recursive: true });
  const hashes = new Set(filesIn(to).flatMap((name) => /^assets\/.*-([\w-]{8})\.\w+$/.exec(name)?.[1] ?? []));
  const rename = (text: string): string =>
    text.replace(/[\w-]{8}(?=\.(?:js|css|gz|woff2)\b)/g, (hash) =>
      hashes.has(hash) ? hash.slice(0, 7) + (hash.endsWith('x') ? 'y' : 'x') : hash,
    );
  for (const name of filesIn(to)) {
    const path = join(to, name);
    if (/\.(?:js|css|html)$/.test(name)) writeFileSync(path, rename(readFileSync(path, 'utf8')));
    renameSync(path, join(to, rename(name)));
  }
  return finish(to);
}
