import { describe, expect, it, vi } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient, LIMITS } from './client';

const short = { ...LIMITS, append: 60 };

/** A client over the given worker, and over fresh ones after a restart. */
function started(first = new FakeWorker(createFakeEngine()), limits = short) {
  const left = [first];
  const client = createEngineClient(() => left.shift() ?? new FakeWorker(createFakeEngine()), limits);
  const lost = vi.fn();
  client.onLost = lost;
  client.restart();
  return { client, lost };
}

describe('the engine client', () => {
  it('holds calls back until the worker is ready', async () => {
    const { client } = started();
    const outcome = await client.call('load', 'machine a', null);
    expect(outcome).toMatchObject({ status: 'ok', value: { status: 'ok', batch: { cursor: 1 } } });
  });

  it('answers `lost` before it was ever started', async () => {
    const client = createEngineClient(() => new FakeWorker(createFakeEngine()));
    expect((await client.call('append', [])).status).toBe('lost');
  });

  it('loses a worker that never gets ready, and every call that waited for it', async () => {
    const worker = new FakeWorker(null);
    const { client, lost } = started(worker, { ...short, ready: 40 });
    const outcomes = await Promise.all([client.call('load', '', null), client.call('append', [])]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['lost', 'lost']);
    expect(lost).toHaveBeenCalledExactlyOnceWith('The engine did not start within 0.04 s.');
    expect(worker.terminated).toBe(true);
  });

  it('refuses a worker of another build', async () => {
    const { client, lost } = started(new FakeWorker(createFakeEngine(), 99));
    await client.call('load', '', null);
    expect(lost.mock.calls[0]?.[0]).toContain('reload the page');
  });

  it('terminates a worker that does not answer in time', async () => {
    const worker = new FakeWorker(createFakeEngine());
    const { client, lost } = started(worker);
    const outcome = await client.call('append', ['hang']);
    expect(outcome).toEqual({ status: 'lost', why: 'The engine did not answer append within 0.06 s.' });
    expect(worker.terminated).toBe(true);
    expect(lost).toHaveBeenCalledOnce();
  });

  it('takes an exception of the engine for its end: its state can no longer be trusted', async () => {
    const { client, lost } = started();
    expect((await client.call('append', ['die'])).status).toBe('lost');
    expect(lost).toHaveBeenCalledExactlyOnceWith('append: Error: the fake engine died');
  });

  it.each(['error', 'messageerror'] as const)('notices %s of a worker at rest', async (type) => {
    const worker = new FakeWorker(createFakeEngine());
    const { client, lost } = started(worker);
    await client.call('load', '', null);
    worker.fail(type);
    expect(lost).toHaveBeenCalledOnce();
    expect((await client.call('append', [])).status).toBe('lost');
  });

  it('settles what the old worker owed when a new one takes its place, and raises no alarm', async () => {
    const { client, lost } = started();
    const owed = client.call('append', ['hang']);
    client.restart();
    expect((await owed).status).toBe('lost');
    expect((await client.call('append', ['a'])).status).toBe('ok');
    expect(lost).not.toHaveBeenCalled();
  });

  it('sends one call at a time', async () => {
    const log: string[] = [];
    const slow = createFakeEngine();
    const engine = {
      append: async (lines: readonly string[]) => {
        log.push(`begin ${lines[0]}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push(`end ${lines[0]}`);
        return slow.append(lines);
      },
    };
    const { client } = started(new FakeWorker(engine));
    await Promise.all([client.call('append', ['a']), client.call('append', ['b'])]);
    expect(log).toEqual(['begin a', 'end a', 'begin b', 'end b']);
  });

  it('lets epochs grow from one worker to the next', async () => {
    const { client } = started();
    await client.call('load', '', null);
    const first = await client.call('load', '', null);
    client.restart();
    const second = await client.call('load', '', null);
    expect([first, second]).toMatchObject([
      { value: { batch: { epoch: 2 } } },
      { value: { batch: { epoch: 3 } } },
    ]);
  });
});
