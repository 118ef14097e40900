import { describe, expect, it } from 'vitest';
import { spec } from '../../testing/pci-machine';
import { configImage } from './config-image';
import { ConfigSpace } from './config-space';

/** Offsets and ids as in the PCI Express Base Specification, 7.5.1, 7.5.3, 7.7.11 and 9.3.3. */
describe('configuration space', () => {
  it('holds ids, class, header type and bus numbers where the specification has them', () => {
    const { bytes } = configImage(
      spec('00:1c.4', 'root-port', { ids: '8086:a114', bus: '02-05', multifunction: true, revision: 0xf1 }),
    );
    expect([...bytes.subarray(0, 4)]).toEqual([0x86, 0x80, 0x14, 0xa1]);
    expect([...bytes.subarray(8, 12)]).toEqual([0xf1, 0x00, 0x04, 0x06]);
    expect(bytes[0x0e]).toBe(0x81);
    expect([...bytes.subarray(0x18, 0x1b)]).toEqual([0x00, 0x02, 0x05]);
  });

  it('has a PCIe capability whose type field says what it is', () => {
    const config = configImage(spec('01:00.0', 'legacy-endpoint'));
    const offset = config.findCapability(0x10);
    expect(offset).toBeGreaterThanOrEqual(0x40);
    expect((config.read16(offset + 2) >> 4) & 0xf).toBe(1);
  });

  it('has no capability list and 256 bytes when it is conventional', () => {
    const config = configImage(spec('00:02.0', 'pci'));
    expect(config.bytes.length).toBe(256);
    expect(config.findCapability(0x10)).toBe(0);
    expect(config.findExtCapability(0x0d)).toBe(0);
  });

  it('puts ACS control at +6', () => {
    const config = configImage(spec('00:01.0', 'root-port', { acs: { cap: 0x1f, ctrl: 0x1d } }));
    const offset = config.findExtCapability(0x0d);
    expect([config.read16(offset + 4), config.read16(offset + 6)]).toEqual([0x1f, 0x1d]);
  });

  // Intel 100 Series Chipset Family PCH datasheet, volume 2: dword registers (erratum 23).
  it('puts ACS control of a Sunrise Point root port at +8', () => {
    const config = configImage(
      spec('00:1c.0', 'root-port', { ids: '8086:a110', acs: { cap: 0xf, ctrl: 0xd } }),
    );
    const offset = config.findExtCapability(0x0d);
    expect([config.read16(offset + 6), config.read32(offset + 8)]).toEqual([0, 0xd]);
  });

  it('has its memory in the base address registers, 64 bits wide above 4 GiB', () => {
    const config = configImage(
      spec('01:00.0', 'endpoint', {
        bars: [
          { start: 0xfe00_0000n, bytes: 0x4000n, prefetchable: false },
          { start: 0x40_0000_0000n, bytes: 0x1_0000_0000n, prefetchable: true },
          { start: 0xe000_0000n, bytes: 0x1000n, prefetchable: true },
        ],
      }),
    );
    const registers = [0, 1, 2, 3, 4].map((n) => config.read32(0x10 + n * 4));
    expect(registers).toEqual([0xfe00_0000, 0x0000_000c, 0x40, 0xe000_0008, 0]);
  });

  it('has two of them in a bridge', () => {
    const bar = { start: 0xfe00_0000n, bytes: 0x1000n, prefetchable: false };
    const config = configImage(spec('00:01.0', 'root-port', { bars: [bar, bar, bar], bus: '01-02' }));
    expect([config.read32(0x10), config.read32(0x14), config.read32(0x18)]).toEqual([
      0xfe00_0000, 0xfe00_0000, 0x0002_0100,
    ]);
  });

  it('has an SR-IOV capability with its virtual functions, behind ACS or alone', () => {
    const sriov = { total: 64, vfDevice: 0x10ed, offset: 128, stride: 2 };
    for (const acs of [null, { cap: 0, ctrl: 0 }]) {
      const config = configImage(spec('01:00.0', 'endpoint', { sriov, acs }));
      const offset = config.findExtCapability(0x10);
      const words = [0x0c, 0x0e, 0x10, 0x14, 0x16, 0x1a].map((at) => config.read16(offset + at));
      expect(words).toEqual([64, 64, 0, 128, 2, 0x10ed]);
      expect(config.findExtCapability(0x0d) !== 0).toBe(acs !== null);
    }
  });

  it('answers all ones for the ids of a virtual function', () => {
    const virtual = spec('01:00.1', 'endpoint', {
      ids: '8086:10ca',
      virtualOf: spec('01:00.0', 'endpoint').address,
    });
    expect(configImage(virtual).read32(0)).toBe(0xffff_ffff);
  });

  it('does not follow a capability list that is a loop', () => {
    const config = new ConfigSpace(new Uint8Array(4096));
    config.write16(0x06, 0x10);
    config.write8(0x34, 0x40);
    config.write16(0x40, 0x4001);
    config.write32(0x100, 0x1001_0001);
    expect(config.findCapability(0x10)).toBe(0);
    expect(config.findExtCapability(0x0d)).toBe(0);
  });

  it('reads all ones outside', () => {
    const config = new ConfigSpace(new Uint8Array(256));
    expect([config.read8(256), config.read16(255), config.read32(254)]).toEqual([0xff, 0xffff, 0xffff_ffff]);
  });
});
