import { describe, expect, it, vi } from 'vitest';
import { Starter, type Host } from './starter';
import type { Forbidden } from './why-not';

class FakeWorker extends EventTarget {
  postMessage = vi.fn();
  terminate = vi.fn();
}

/** A browser whose workers are those given, one after the other; an Error is thrown instead. */
function browser(workers: readonly (FakeWorker | Error)[], parts: Partial<Host> = {}) {
  const left = [...workers];
  const made: { address: string; type: string | undefined }[] = [];
  let tell: (forbidden: Forbidden) => void = () => undefined;
  const unwatch = vi.fn();
  const host: Host = {
    worker: (address, { type }) => {
      made.push({ address: String(address).replace(/^blob:.*/, 'blob:'), type });
      const next = left.shift();
      if (next === undefined || next instanceof Error) throw next ?? new Error('no more');
      return next as unknown as Worker;
    },
    read: async () => 'the engine',
    watch: (each) => {
      tell = each;
      return unwatch;
    },
    opaque: true,
    here: 'https://play.example/',
    ...parts,
  };
  const starter = new Starter('https://play.example/engine.js', host);
  const heard = vi.fn();
  starter.addEventListener('message', (event) => heard((event as MessageEvent).data));
  const failed = new Promise<string>((resolve) =>
    starter.addEventListener('error', (event) => resolve((event as Event & { message: string }).message)),
  );
  return { starter, made, heard, failed, unwatch, forbid: (each: Forbidden) => tell(each) };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const speaks = (worker: FakeWorker): boolean =>
  worker.dispatchEvent(new MessageEvent('message', { data: 'ready' }));

describe('starting the engine', () => {
  it('takes its address where that works, and reads nothing', async () => {
    const worker = new FakeWorker();
    const read = vi.fn();
    const { starter, heard, made, unwatch } = browser([worker], { read });
    speaks(worker);
    starter.postMessage('a call');
    expect(made).toEqual([{ address: 'https://play.example/engine.js', type: 'module' }]);
    expect(heard).toHaveBeenCalledWith('ready');
    expect(worker.postMessage).toHaveBeenCalledWith('a call', []);
    expect(read).not.toHaveBeenCalled();
    expect(unwatch).toHaveBeenCalled();
  });

  it('starts a classic worker from a blob where an address has no origin', async () => {
    const worker = new FakeWorker();
    const { made, heard } = browser([new DOMException('no origin', 'SecurityError'), worker]);
    await settled();
    speaks(worker);
    expect(made[1]).toEqual({ address: 'blob:', type: 'classic' });
    expect(heard).toHaveBeenCalledWith('ready');
  });

  it('does the same when the first one fails before it has spoken', async () => {
    const [first, second] = [new FakeWorker(), new FakeWorker()];
    const { made } = browser([first, second]);
    first.dispatchEvent(new Event('error', { cancelable: true }));
    await settled();
    expect(made).toHaveLength(2);
    expect(first.terminate).toHaveBeenCalled();
  });

  it('leaves to others what happens to an engine that has spoken', async () => {
    const worker = new FakeWorker();
    const { made, failed } = browser([worker]);
    speaks(worker);
    worker.dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
    expect(await failed).toBe('boom');
    expect(made).toHaveLength(1);
  });

  it.each([
    ['worker-src', 'blob', 'needs worker-src blob: (or the frame allow-same-origin)'],
    ['connect-src', 'https://play.example/engine.js', 'needs connect-src https://play.example'],
  ])('says what the policy lacks in a sandbox: %s', async (directive, blocked, words) => {
    const { failed, forbid } = browser([new Error('no origin'), new Error('refused')]);
    forbid({ directive, blocked });
    expect(await failed).toContain(words);
  });

  it('says what a server has to send, where its files may not be read', async () => {
    const read = async (): Promise<string> => {
      throw new TypeError('Failed to fetch');
    };
    const { failed } = browser([new Error('no origin')], { read });
    expect(await failed).toContain('Access-Control-Allow-Origin: *');
  });

  it('is silent when it was ended meanwhile', async () => {
    const { starter, made } = browser([new Error('no origin'), new FakeWorker()]);
    starter.terminate();
    await settled();
    expect(made).toHaveLength(1);
  });
});
