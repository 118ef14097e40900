import { describe, expect, it } from 'vitest';
import { fetchScript, REMOTE_LIMITS } from './remote';

const SCRIPT = 'machine q35 iommu=vtd\nboot\n';
const BASE = 'https://play.example/app/';
const whole = (status = 200, body: BodyInit | null = SCRIPT, type = 'text/plain') =>
  new Response(body, { status, headers: { 'content-type': type } });

/** Answers every request the same way, and keeps what was asked. */
function server(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const fetch = ((url: string, init: RequestInit = {}) => {
    asked.push({ url, init });
    return Promise.resolve(answer(url, init));
  }) as typeof globalThis.fetch;
  return { fetch, asked };
}

async function whyNot(address: string, answer: Parameters<typeof server>[0], more = {}): Promise<string> {
  const fetched = await fetchScript(address, { fetch: server(answer).fetch, base: BASE, ...more });
  expect(fetched.ok).toBe(false);
  return fetched.ok ? '' : fetched.why;
}

describe('a script elsewhere', () => {
  it('is fetched without cookies, without saying from where, and with nothing else asked', async () => {
    const { fetch, asked } = server(() => whole());
    const fetched = await fetchScript('https://example.org/a/x%20y.iommu#top', { fetch, base: BASE });
    const url = 'https://example.org/a/x%20y.iommu';
    expect(fetched).toEqual({ ok: true, text: SCRIPT, url, name: 'x y.iommu' });
    expect(asked).toMatchObject([
      { url, init: { credentials: 'omit', referrerPolicy: 'no-referrer', mode: 'cors' } },
    ]);
  });

  it('may lie beside the page', async () => {
    const { fetch, asked } = server(() => whole());
    await fetchScript('scenes/x.iommu', { fetch, base: BASE });
    expect(asked[0]?.url).toBe('https://play.example/app/scenes/x.iommu');
  });

  it('may be sent by a server that calls every text HTML', async () => {
    const { fetch } = server(() => whole(200, SCRIPT, 'text/html'));
    expect(await fetchScript('https://example.org/x', { fetch, base: BASE })).toMatchObject({ ok: true });
  });
});

describe('why a script elsewhere is not opened', () => {
  it.each([
    'javascript:alert(1)',
    'data:text/plain,boot',
    'blob:x',
    'ftp://a/b',
    'https://',
    'https://me:pw@a/b',
  ])('%s: no address, and nobody is asked', async (address) => {
    const { fetch, asked } = server(() => whole());
    const fetched = await fetchScript(address, { fetch, base: BASE });
    expect(fetched).toMatchObject({ ok: false, rawUrl: null });
    expect(asked).toEqual([]);
  });

  it('a page of GitHub about the file: its own address is offered, and nobody is asked', async () => {
    const { fetch, asked } = server(() => whole());
    const rawOf = async (address: string): Promise<string | null> => {
      const fetched = await fetchScript(address, { fetch, base: BASE });
      return fetched.ok ? null : fetched.rawUrl;
    };
    expect(await rawOf('https://github.com/me/repo/blob/main/a/x.iommu')).toBe(
      'https://raw.githubusercontent.com/me/repo/main/a/x.iommu',
    );
    expect(await rawOf('https://gist.github.com/me/0123456789abcdef0123')).toBe(
      'https://gist.githubusercontent.com/me/0123456789abcdef0123/raw',
    );
    expect(asked).toEqual([]);
  });

  it('http from a page over https', async () => {
    expect(await whyNot('http://example.org/x', () => whole())).toMatch(/over http/);
    const { fetch } = server(() => whole());
    expect(await fetchScript('http://localhost:8000/x', { fetch, base: BASE })).toMatchObject({ ok: true });
  });

  it.each([
    [404, /moved or taken away/],
    [403, /not give this script to everybody/],
    [500, /an error \(500\)/],
  ])('status %i', async (status, why) => {
    expect(await whyNot('https://example.org/x', () => whole(status))).toMatch(why);
  });

  it('a web page', async () => {
    const page = '\n<!DOCTYPE html><html><body>Sign in</body></html>';
    expect(await whyNot('https://example.org/x', () => whole(200, page, 'text/html'))).toMatch(/web page/);
  });

  it('no text', async () => {
    expect(await whyNot('https://example.org/x', () => whole(200, new Uint8Array([1, 0, 2])))).toMatch(
      /not text/,
    );
    expect(await whyNot('https://example.org/x', () => whole(200, new Uint8Array([0xff, 0xfe])))).toMatch(
      /not text/,
    );
  });

  it('too much, of which no more is read than tells', async () => {
    let sent = 0;
    const endless = (): Response =>
      whole(
        200,
        new ReadableStream({
          pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536).fill(97));
          },
        }),
      );
    expect(await whyNot('https://example.org/x', endless)).toMatch(/more than 2,097,152 bytes/);
    expect(sent).toBeLessThan(REMOTE_LIMITS.bytes + 5 * 65_536);
  });

  it('too slow', async () => {
    const never = (_url: string, { signal }: RequestInit): Promise<Response> =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    expect(await whyNot('https://example.org/x', never, { ms: 20 })).toMatch(/within 0.02 seconds/);
  });

  it('a body that never ends', async () => {
    const stalls = (_url: string, { signal }: RequestInit): Response =>
      whole(
        200,
        new ReadableStream({
          start(controller) {
            controller.enqueue(new Uint8Array(10).fill(97));
            signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
          },
        }),
      );
    expect(await whyNot('https://example.org/x', stalls, { ms: 20 })).toMatch(/within/);
  });

  it('a server that does not let other pages read, told from one that is not there', async () => {
    const closed = (_url: string, { mode }: RequestInit): Promise<Response> =>
      mode === 'cors' ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(whole());
    expect(await whyNot('https://example.org/x', closed)).toMatch(/Access-Control-Allow-Origin/);
    const gone = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
    expect(await whyNot('https://example.org/x', gone)).toMatch(/could not be reached/);
    expect(await whyNot('https://example.org/x', gone, { online: false })).toMatch(/no network/);
  });
});
