import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IommuClient, IommuDomain, IommuOps } from '../../iommu/ops';
import type { PhysicalMemory } from '../../memory/physical-memory';
import type { DmaTranslator } from '../port';
import { transfer } from './dma';

/** A unit with its driver on it, switched on, and nothing attached. */
export interface IommuUnderTest {
  readonly memory: PhysicalMemory;
  readonly ops: IommuOps;
  readonly device: DmaTranslator;
}

const RW = { read: true, write: true };

/** What a kind of IOMMU does otherwise, with the reason. */
export interface DeviceExceptions {
  /** What may be written may be read. */
  readonly writeMeansRead?: string;
}

/**
 * What every IOMMU must do, seen from outside: the driver programs it, a function writes at an IOVA, and the bytes are
 * read back at the physical address.
 */
export function describeIommuDevice(
  name: string,
  make: () => IommuUnderTest,
  exceptions: DeviceExceptions = {},
): void {
  const client = (rid: number): IommuClient => ({
    name: `0000:${(rid >> 8).toString(16).padStart(2, '0')}:00.${rid & 7}`,
    rid,
    aliasRids: [rid],
  });

  function setup(rids: readonly number[] = [0x100]) {
    const unit = make();
    const clients = rids.map(client);
    for (const c of clients) expect(unit.ops.probeDevice(c).ok).toBe(true);
    return { ...unit, clients, first: clients[0]! };
  }

  function paging(ops: IommuOps, c: IommuClient): IommuDomain {
    const domain = ops.domainAllocPaging(c, {});
    if (!domain.ok) throw new Error(domain.why);
    return domain.value;
  }

  function frames(memory: PhysicalMemory, count: number): number {
    const pfn = memory.allocateFrames(count, { from: 'top', align: count });
    if (!pfn.ok) throw new Error(pfn.why);
    return pfn.value * 4096;
  }

  /** What a write of these bytes at an IOVA came to: the physical addresses, or null where it was blocked. */
  function write(u: IommuUnderTest, rid: number, iova: bigint, data: Uint8Array): (number | null)[] {
    const request = { device: client(rid).name, rid, iova, bytes: data.length, data };
    return transfer(u.device, u.memory, request).map((part) => part.pa);
  }

  function read(u: IommuUnderTest, rid: number, iova: bigint, bytes: number): Uint8Array | null {
    const parts = transfer(u.device, u.memory, { device: client(rid).name, rid, iova, bytes });
    if (parts.some((part) => part.data === null)) return null;
    return Uint8Array.from(parts.flatMap((part) => [...(part.data ?? [])]));
  }

  const bytes = Uint8Array.from({ length: 64 }, (_, n) => 200 - n);

  describe(`IOMMU ${name}`, () => {
    it('a write at an IOVA lands at the physical address, a read brings it back', () => {
      const u = setup();
      const domain = paging(u.ops, u.first);
      expect(domain.attachDev(u.first, null).ok).toBe(true);
      const pa = frames(u.memory, 2);
      expect(domain.paging!.map(0x10_0000n, pa, 8192, RW).ok).toBe(true);
      expect(write(u, 0x100, 0x10_0fe0n, bytes)).toEqual([pa + 0xfe0, pa + 0x1000]);
      expect(u.memory.read(pa + 0xfe0, 64)).toEqual(bytes);
      expect(read(u, 0x100, 0x10_0fe0n, 64)).toEqual(bytes);
    });

    it('each page size translates to its last byte', () => {
      const u = setup();
      const domain = paging(u.ops, u.first);
      domain.attachDev(u.first, null);
      for (const sizeLg2 of domain.paging!.pageSizesLg2) {
        const size = 2 ** sizeLg2;
        // Larger ones than memory is: nothing answers there, but the address counts.
        const pa = size <= 2 ** 30 ? frames(u.memory, size / 4096) : size;
        const iova = BigInt(size) * 4n;
        expect(domain.paging!.map(iova, pa, size, RW).ok).toBe(true);
        expect(write(u, 0x100, iova + BigInt(size) - 64n, bytes)).toEqual([pa + size - 64]);
        expect(write(u, 0x100, iova + BigInt(size), bytes)).toEqual([null]);
        domain.paging!.unmap(iova, size);
      }
    });

    it('read-only and write-only mappings let only that pass', () => {
      const u = setup();
      const domain = paging(u.ops, u.first);
      domain.attachDev(u.first, null);
      const pa = frames(u.memory, 2);
      domain.paging!.map(0x1000n, pa, 4096, { read: true, write: false });
      domain.paging!.map(0x2000n, pa + 4096, 4096, { read: false, write: true });
      expect(read(u, 0x100, 0x1000n, 8)).not.toBeNull();
      expect(write(u, 0x100, 0x1000n, bytes)).toEqual([null]);
      expect(read(u, 0x100, 0x2000n, 8) !== null).toBe(exceptions.writeMeansRead !== undefined);
      expect(write(u, 0x100, 0x2000n, bytes)).toEqual([pa + 4096]);
    });

    it('after unmap nothing gets through, however often it did before', () => {
      const u = setup();
      const domain = paging(u.ops, u.first);
      domain.attachDev(u.first, null);
      const pa = frames(u.memory, 1);
      domain.paging!.map(0x1000n, pa, 4096, RW);
      for (let n = 0; n < 3; n++) expect(write(u, 0x100, 0x1000n, bytes)).toEqual([pa]);
      expect(domain.paging!.unmap(0x1000n, 4096)).toBe(4096);
      expect(write(u, 0x100, 0x1000n, bytes)).toEqual([null]);
      const other = frames(u.memory, 1);
      domain.paging!.map(0x1000n, other, 4096, RW);
      expect(write(u, 0x100, 0x1000n, bytes)).toEqual([other]);
    });

    it('a device sees its own domain, and another after it was moved', () => {
      const u = setup([0x100, 0x208]);
      const domains = u.clients.map((c) => paging(u.ops, c));
      const pas = domains.map((domain, n) => {
        domain.attachDev(u.clients[n]!, null);
        const pa = frames(u.memory, 1);
        domain.paging!.map(0x5000n, pa, 4096, RW);
        return pa;
      });
      expect([write(u, 0x100, 0x5000n, bytes), write(u, 0x208, 0x5000n, bytes)]).toEqual([
        [pas[0]],
        [pas[1]],
      ]);
      expect(domains[1]!.attachDev(u.clients[0]!, domains[0]!).ok).toBe(true);
      expect([write(u, 0x100, 0x5000n, bytes), write(u, 0x208, 0x5000n, bytes)]).toEqual([
        [pas[1]],
        [pas[1]],
      ]);
    });

    it('blocked lets nothing pass, identity everything', () => {
      const u = setup();
      const pa = frames(u.memory, 1);
      expect(write(u, 0x100, BigInt(pa), bytes)).toEqual([null]);
      if (u.ops.identityDomain !== null) {
        expect(u.ops.identityDomain.attachDev(u.first, null).ok).toBe(true);
        expect(write(u, 0x100, BigInt(pa), bytes)).toEqual([pa]);
      }
      if (u.ops.blockedDomain !== null) {
        expect(u.ops.blockedDomain.attachDev(u.first, u.ops.identityDomain).ok).toBe(true);
        expect(write(u, 0x100, BigInt(pa), bytes)).toEqual([null]);
      }
    });

    it('a freed domain gives back all it took', () => {
      const u = setup();
      const domain = paging(u.ops, u.first);
      domain.attachDev(u.first, null);
      u.ops.blockedDomain!.attachDev(u.first, domain);
      domain.paging!.free();
      const before = u.memory.allocatedFrames;
      const again = paging(u.ops, u.first);
      again.attachDev(u.first, null);
      again.paging!.map(0n, 0x10_0000, 2 ** 22 + 4096, RW);
      expect(u.memory.allocatedFrames).toBeGreaterThan(before);
      u.ops.blockedDomain!.attachDev(u.first, again);
      again.paging!.free();
      expect(u.memory.allocatedFrames).toBe(before);
    });

    it('whatever is mapped and unmapped, the hardware finds what the driver says (property)', () => {
      const place = fc.constantFrom(0, 1, 2, 511, 512, 1023, 262144, 262145, 300000);
      const size = fc.constantFrom(1, 2, 512, 513, 1024, 262144);
      const command = fc.record({
        map: fc.boolean(),
        vpn: place,
        pages: size,
        skew: fc.constantFrom(0, 512, 7),
      });
      const probes = [
        0, 1, 2, 3, 510, 511, 512, 1023, 1024, 262143, 262144, 262145, 262656, 300000, 300511, 562143, 562144,
      ];
      fc.assert(
        fc.property(fc.array(command, { maxLength: 10 }), (commands) => {
          const u = setup();
          const domain = paging(u.ops, u.first);
          domain.attachDev(u.first, null);
          for (const { map, vpn, pages, skew } of commands) {
            const iova = BigInt(vpn) * 4096n;
            if (map) domain.paging!.map(iova, (0x10_0000 + vpn + skew) * 4096, pages * 4096, RW);
            else domain.paging!.unmap(iova, pages * 4096);
            for (const probe of probes) {
              const at = BigInt(probe) * 4096n + 8n;
              const expected = domain.paging!.iovaToPhys(at);
              expect(write(u, 0x100, at, bytes.subarray(0, 1))).toEqual([expected]);
            }
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}
