import { REMOTE_WORDS as words } from '../words/share/remote';

/** A script that lies elsewhere. Only what the link names is asked, without cookies and without saying from where. */
export const REMOTE_LIMITS = {
  bytes: 2 << 20,
  ms: 15_000,
} as const;

export type Fetched =
  | { readonly ok: true; readonly text: string; readonly url: string; readonly name: string }
  | {
      readonly ok: false;
      readonly why: string;
      /** The file itself, where the address is that of a page about it. */
      readonly rawUrl: string | null;
    };

interface Ways {
  readonly fetch: typeof fetch;
  /** Of the page: relative addresses count from it. */
  readonly base: string;
  readonly online?: boolean;
  readonly ms?: number;
}

const refused = (why: string, rawUrl: string | null = null): Fetched => ({ ok: false, why, rawUrl });

export async function fetchScript(address: string, ways: Ways): Promise<Fetched> {
  const url = addressIn(address, ways.base);
  if (url === null) return refused(words.noAddress(address));
  const rawUrl = rawAddress(url);
  if (rawUrl !== null) return refused(words.aPageAbout(url.hostname), rawUrl);
  if (url.protocol === 'http:' && ways.base.startsWith('https:') && !isLocal(url))
    return refused(words.insecure(url.href));
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ways.ms ?? REMOTE_LIMITS.ms);
  try {
    return await get(url, ways, abort);
  } catch {
    if (abort.signal.aborted) return refused(words.tooSlow(url.host, (ways.ms ?? REMOTE_LIMITS.ms) / 1000));
    return refused(await whyNot(url, ways));
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

const PLAIN: RequestInit = { credentials: 'omit', referrerPolicy: 'no-referrer' };

async function get(url: URL, ways: Ways, abort: AbortController): Promise<Fetched> {
  const response = await ways.fetch(url.href, { ...PLAIN, mode: 'cors', signal: abort.signal });
  if (!response.ok) return refused(words.status(url.host, response.status));
  const bytes = await readBounded(response);
  if (bytes === null) return refused(words.tooBig(REMOTE_LIMITS.bytes));
  const text = textOf(bytes);
  if (text === null) return refused(words.noText(url.host));
  if (isPage(response.headers.get('content-type'), text)) return refused(words.aWebPage(url.host));
  return { ok: true, text, url: url.href, name: nameOf(url) };
}

/** http, https, or relative to the page; null: anything else, and what is no address. */
function addressIn(address: string, base: string): URL | null {
  try {
    const url = new URL(address, base);
    const known =
      url.protocol === 'https:' || url.protocol === 'http:' || url.origin === new URL(base).origin;
    if (!known || url.username !== '' || url.password !== '') return null;
    url.hash = '';
    return /^(?:https?|file):$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

const isLocal = ({ hostname }: URL): boolean => /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(hostname);

/** Stops as soon as there is more than is read. */
async function readBounded(response: Response): Promise<Uint8Array | null> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.length;
    if (total > REMOTE_LIMITS.bytes) {
      void reader.cancel().catch(() => undefined);
      return null;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Null: not UTF-8, or with a zero byte, which no text has. */
function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const isPage = (type: string | null, text: string): boolean =>
  /^\s*<(?:!doctype html|html|head|body)\b/i.test(text.slice(0, 2000)) ||
  (type !== null && /^text\/html\b/i.test(type) && text.trimStart().startsWith('<'));

/** A browser tells no script why: whether anybody answers is asked of the same server once more, without reading the answer. */
async function whyNot(url: URL, { fetch, online = true }: Ways): Promise<string> {
  if (!online) return words.offline;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 5000);
  try {
    await fetch(url.href, { ...PLAIN, mode: 'no-cors', method: 'HEAD', signal: abort.signal });
    return words.noCors(url.host);
  } catch {
    return words.unreachable(url.host);
  } finally {
    clearTimeout(timer);
  }
}

const nameOf = (url: URL): string => {
  const last = url.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || url.host;
  } catch {
    return last;
  }
};

/** Where GitHub has the file itself, for an address of its page about the file. Nobody is asked. */
function rawAddress({ hostname, pathname }: URL): string | null {
  if (hostname === 'github.com' || hostname === 'www.github.com') {
    const match = /^\/([^/]+)\/([^/]+)\/(?:blob|raw)\/(.+)$/.exec(pathname);
    return match === null ? null : `https://raw.githubusercontent.com/${match[1]}/${match[2]}/${match[3]}`;
  }
  if (hostname === 'gist.github.com') {
    const match = /^\/([^/]+)\/([0-9a-f]{20,40})\/?$/.exec(pathname);
    return match === null ? null : `https://gist.githubusercontent.com/${match[1]}/${match[2]}/raw`;
  }
  return null;
}
