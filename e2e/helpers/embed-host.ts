import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test as base } from './test';

/**
 * Two servers beside the one under test: a playground that sends the headers a test wants (the files are those of the build
 * under test), and somebody else's site with pages that embed it.
 */
export interface EmbedSites {
  /** Address of a playground with these headers beside its files. */
  readonly playground: (headers?: Readonly<Record<string, string>>) => string;
  /** Address of a page of the other site. `site`: the same site as the playground's, or another one, whose frames have no storage. */
  readonly page: (page: HostPage) => string;
}

export interface HostPage {
  readonly body: string;
  readonly policy?: string;
  readonly site?: 'same' | 'other';
}

/** What a playground sends anyway: without it, no page of another origin can load its scripts. */
const OPEN = { 'Access-Control-Allow-Origin': '*' };

const README = new URL('../../README.md', import.meta.url);

/** The policy that the README gives to whoever serves a playground, word by word. */
export function documentedPolicy(): string {
  const text = readFileSync(README, 'utf8');
  const policy = /^Content-Security-Policy: (default-src .*)$/m.exec(text)?.[1];
  if (policy === undefined) throw new Error('README.md gives no Content-Security-Policy for the playground');
  return policy;
}

/** The hash of the one inline script of a page. */
export function inlineHash(html: string): string {
  const script = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}

interface File {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** Files of the build under test: each is asked for once, however many frames want it. */
const files = new Map<string, Promise<File>>();

function fileOf(address: string): Promise<File> {
  const kept = files.get(address);
  if (kept !== undefined) return kept;
  // A kept connection may just be closing at the other end.
  const file = readFile(address).catch(() => readFile(address));
  files.set(address, file);
  return file;
}

async function readFile(address: string): Promise<File> {
  const answer = await fetch(address, { headers: { connection: 'close' } });
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? 'application/octet-stream',
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function listen(handler: Handler): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    handler(request, response).catch((thrown: unknown) => {
      response.statusCode = 502;
      response.end(String(thrown));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

export const test = base.extend<{ sites: EmbedSites }>({
  sites: async ({ baseURL, guard }, use) => {
    const headersOf: Readonly<Record<string, string>>[] = [];
    const pages: HostPage[] = [];
    const app = await listen(async (request, response) => {
      const [, which = '', rest = ''] = /^\/(\d+)\/(.*)$/.exec(request.url ?? '') ?? [];
      const { status, type, body } = await fileOf(new URL(rest, baseURL).href);
      response.writeHead(status, {
        'Content-Type': type,
        'Cache-Control': 'max-age=600',
        ...(headersOf[Number(which)] ?? {}),
      });
      response.end(body);
    });
    const host = await listen(async (request, response) => {
      const page = pages[Number(request.url?.slice(1))];
      // Browsers ask for an icon.
      response.writeHead(page === undefined ? 204 : 200, {
        'Content-Type': 'text/html',
        ...(page?.policy === undefined ? {} : { 'Content-Security-Policy': page.policy }),
      });
      response.end(page?.body ?? '');
    });
    guard.allow(
      new RegExp(
        `^request to another server: http://(localhost|127\\.0\\.0\\.1):(${app.port}|${host.port})/`,
      ),
    );
    await use({
      playground: (headers = OPEN) => `http://127.0.0.1:${app.port}/${headersOf.push(headers) - 1}/`,
      page: (page) =>
        `http://${page.site === 'other' ? 'localhost' : '127.0.0.1'}:${host.port}/${pages.push(page) - 1}`,
    });
    for (const { server } of [app, host]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
});

export { expect } from './test';

/** A page with room above and below, so that it scrolls. */
export const hostPage = (
  inner: string,
): string => `<!doctype html><meta charset="utf-8"><title>Somebody’s manual</title>
<style nonce="host">body{margin:24px auto;max-width:900px;font:16px/1.6 serif}iframe{width:100%;height:420px;border:0}</style>
<h1>A manual</h1>${inner}<p>The end.</p>`;
