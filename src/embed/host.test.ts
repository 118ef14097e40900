import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { serveHost } from './host';

type Hear = (event: Partial<MessageEvent>) => void;

/** An embed in a page, and the page's end of it. */
function embedded() {
  let hear: Hear = () => undefined;
  const parent = { postMessage: vi.fn() };
  const perform = vi.fn(async () => ({ ok: true, value: 'done' }) as const);
  const host = serveHost({
    self: { addEventListener: ((_type: string, listener: Hear) => (hear = listener)) as never },
    parent: parent as never,
    perform,
    news: () => [{ type: 'height', height: 300 }],
  });
  const connect = (source: unknown = parent) => {
    const port = { postMessage: vi.fn(), close: vi.fn(), onmessage: null as Hear | null };
    hear({
      source: source as never,
      data: { type: 'iommu-playground:connect', version: 1 },
      ports: [port as never],
    });
    return port;
  };
  return { host, parent, perform, connect, hear: (event: Partial<MessageEvent>) => hear(event) };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('the embed’s end of the protocol', () => {
  it('greets, again when asked, and tells who connects what was missed', () => {
    const { parent, connect, hear } = embedded();
    hear({ source: parent as never, data: { type: 'iommu-playground:ping' }, ports: [] });
    expect(parent.postMessage).toHaveBeenCalledTimes(2);
    expect(connect().postMessage.mock.calls).toEqual([[{ type: 'height', height: 300 }]]);
  });

  it('hears nobody but the window around it', () => {
    const { connect, parent } = embedded();
    expect(connect({ postMessage: () => undefined }).onmessage).toBeNull();
    expect(connect(parent).onmessage).not.toBeNull();
  });

  it('answers what has an id, in order, and stays silent else', async () => {
    const { connect, perform } = embedded();
    const port = connect();
    port.onmessage?.({ data: { type: 'play', id: 4 } });
    port.onmessage?.({ data: { type: 'pause' } });
    port.onmessage?.({ data: { type: 'fly', id: 5 } });
    port.onmessage?.({ data: { type: 'fly' } });
    await settled();
    expect(perform).toHaveBeenCalledTimes(2);
    expect(port.postMessage.mock.calls.slice(1)).toEqual([
      [{ type: 'answer', id: 5, ok: false, why: 'there is no command fly' }],
      [{ type: 'answer', id: 4, ok: true, value: 'done' }],
    ]);
  });

  it('answers with the reason when something breaks, and goes on', async () => {
    const { connect, perform } = embedded();
    perform.mockRejectedValueOnce(new Error('lost'));
    const port = connect();
    port.onmessage?.({ data: { type: 'play', id: 1 } });
    port.onmessage?.({ data: { type: 'play', id: 2 } });
    await settled();
    expect(port.postMessage.mock.calls.slice(1)).toEqual([
      [{ type: 'answer', id: 1, ok: false, why: 'Error: lost' }],
      [{ type: 'answer', id: 2, ok: true, value: 'done' }],
    ]);
  });

  it('closes the port before when a page connects anew', () => {
    const { connect, host } = embedded();
    const [first, second] = [connect(), connect()];
    host.tell({ type: 'height', height: 400 });
    expect(first.close).toHaveBeenCalled();
    expect(first.postMessage).toHaveBeenCalledTimes(1);
    expect(second.postMessage).toHaveBeenCalledTimes(2);
  });

  it('does nothing for garbage, wherever it comes from', () => {
    const { connect, hear, parent, perform } = embedded();
    const port = connect();
    fc.assert(
      fc.property(fc.anything(), (data) => {
        hear({ source: parent as never, data, ports: [] });
        port.onmessage?.({ data });
      }),
    );
    expect(perform).not.toHaveBeenCalled();
  });
});
