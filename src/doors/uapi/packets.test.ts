import { describe, expect, it } from 'vitest';
import { parseRequest, responsePackets, signed } from './packets';

/** Offsets as in ../shim/shim_proto.h, whose sizes the compiler asserts. */
function request(change: (view: DataView) => void = () => undefined, payload = 3): Uint8Array {
  const bytes = new Uint8Array(128 + payload).fill(0xee, 128);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x51444649, true);
  view.setUint16(4, 1, true);
  view.setUint16(6, 3, true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, 77, true);
  view.setBigUint64(16, 0xfeed_beef_0000_0001n, true);
  view.setInt32(24, 100, true);
  view.setInt32(28, 101, true);
  view.setUint32(60, 1, true);
  view.setBigUint64(64, 5n, true);
  view.setBigUint64(72, 6n, true);
  view.setBigUint64(88, 0x7fff_0000n, true);
  change(view);
  return bytes;
}

describe('packets', () => {
  it('reads a request', () => {
    expect(parseRequest(request())).toMatchObject({
      ok: true,
      request: {
        type: 3,
        seq: 77,
        mmCookie: 0xfeed_beef_0000_0001n,
        pid: 100,
        tid: 101,
        writable: true,
        file: '5:6',
        args: [0n, 0x7fff_0000n, 0n, 0n, 0n, 0n],
        payload: Uint8Array.of(0xee, 0xee, 0xee),
      },
    });
  });

  it.each<[string, Uint8Array]>([
    ['half a header', request().subarray(0, 64)],
    ['another magic', request((view) => view.setUint8(0, 0))],
    ['another version', request((view) => view.setUint16(4, 2, true))],
    ['a wrong length', request((view) => view.setUint32(8, 128, true))],
  ])('refuses %s', (_name, bytes) => {
    expect(parseRequest(bytes).ok).toBe(false);
  });

  it('cuts a long payload into packets of at most 4096 bytes, all but the last marked', () => {
    const payload = Uint8Array.from({ length: 9000 }, (_, at) => at % 251);
    const packets = [...responsePackets('final', 77, { ret: -14, payload })];
    expect(packets.map((packet) => packet.length)).toEqual([4096, 4096, 64 + 9000 - 2 * 4032]);
    const views = packets.map((packet) => new DataView(packet.buffer));
    expect(views.map((view) => view.getUint32(24, true))).toEqual([2, 2, 0]);
    expect(views.map((view) => view.getBigInt64(16, true))).toEqual([-14n, -14n, -14n]);
    expect(packets.flatMap((packet) => [...packet.subarray(64)])).toEqual([...payload]);
  });

  it('reads a negative result', () => {
    expect(signed(2n ** 64n - 24n)).toBe(-24);
  });
});
