import { describe, expect, it } from 'vitest';
import type { IommuClient } from '../../iommu/ops';
import type { Result } from '../../kernel/errno';
import { PhysicalMemory } from '../../memory/physical-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import { FAULTED, WRITE } from '../port';
import type { RiscvConfig } from './device/config';
import { createRiscvUnit } from './unit';

/** Driver and unit together, where the effect is the test: what a device's access comes to. */
const DEV: IommuClient = { name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] };
const RW = { read: true, write: true };

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
}

function setup(config: Partial<RiscvConfig> = {}) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const { driver, device } = must(createRiscvUnit({ unit: 'iommu:riscv0', memory, trace, config }));
  must(driver.probeDevice(DEV));
  const log = (): string[] => trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  const write = (iova: bigint): number | null => {
    const request = { device: DEV.name, rid: DEV.rid, iova, bytes: 1, data: Uint8Array.of(7) };
    return transfer(device, memory, request, trace)[0]!.pa;
  };
  const table = (iova: bigint) => {
    const domain = must(driver.domainAllocPaging(DEV, {}));
    const pa = must(memory.allocateFrames(1)) * 4096;
    must(domain.paging!.map(iova, pa, 4096, RW));
    return { domain, pa: pa as number | null };
  };
  return { memory, driver, device, log, write, table };
}

describe('a RISC-V IOMMU and its driver', () => {
  it('without the invalidation the old translation stays', () => {
    const { driver, write, table } = setup();
    const { domain, pa } = table(0x5000n);
    must(domain.attachDev(DEV, null));
    expect(write(0x5000n)).toBe(pa);
    driver.skipInvalidation = true;
    domain.paging!.unmap(0x5000n, 4096);
    expect(write(0x5000n)).toBe(pa);
    driver.skipInvalidation = false;
    domain.paging!.flushIotlbAll!();
    expect(write(0x5000n)).toBeNull();
  });

  it('faults are printed: of a page, of a device that is blocked, of one that is unknown', () => {
    const { driver, device, write, log, table } = setup();
    const { domain } = table(0x5000n);
    must(domain.attachDev(DEV, null));
    log();
    expect(write(0x1_2345_6000n)).toBeNull();
    must(driver.blockedDomain.attachDev(DEV, domain));
    expect(write(0x5000n)).toBeNull();
    expect(device.translate(0x4242, 0, 0x7000, WRITE, -1)).toBe(FAULTED);
    const prefix = 'riscv,iommu 3010000.iommu: ';
    expect(log()).toEqual([
      // Write page fault; "DDT entry not valid" twice.
      `${prefix}Fault 15 devid: 0x100 iotval: 123456000 iotval2: 0`,
      `${prefix}Fault 258 devid: 0x100 iotval: 5000 iotval2: 0`,
      `${prefix}Fault 258 devid: 0x4242 iotval: 7000 iotval2: 0`,
    ]);
  });

  it('the upper half of the addresses works too', () => {
    const { write, table } = setup();
    const iova = 0xffff_ffff_ffff_5000n;
    const { domain, pa } = table(iova);
    must(domain.attachDev(DEV, null));
    expect(write(iova)).toBe(pa);
    // One bit of the sign extension is missing.
    expect(write(iova & ~(1n << 60n))).toBeNull();
  });

  const OFF = { sets: 0, ways: 1 };
  const NAMES = ['identity', 'blocked', 'one', 'other'] as const;
  const pairs = NAMES.flatMap((from) => NAMES.map((to) => [from, to] as const));

  it.each(pairs)('from %s to %s: at every single store the old, the new, or nothing', (from, to) => {
    const all = setup({ iotlb: OFF, walkCache: OFF, ddtCache: OFF });
    const { memory, driver, device } = all;
    const places = {
      identity: { domain: driver.identityDomain, pa: 0x5000 as number | null },
      blocked: { domain: driver.blockedDomain, pa: null },
      one: all.table(0x5000n),
      other: all.table(0x5000n),
    };
    const [old, next] = [places[from], places[to]];
    must(old.domain.attachDev(DEV, null));
    const seen: (number | null)[] = [];
    const look = (): void => {
      const status = device.translate(DEV.rid, 0, 0x5000, WRITE, -1);
      seen.push(status === FAULTED ? null : (device.result[0] as number));
    };
    const store = memory.writeU64.bind(memory);
    memory.writeU64 = (pa, value) => {
      const written = store(pa, value);
      look();
      return written;
    };
    must(next.domain.attachDev(DEV, old.domain));
    look();
    expect(seen.at(-1)).toBe(next.pa);
    for (const each of seen) expect([old.pa, next.pa, null]).toContain(each);
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });

  it('an illegal command stops the queue, and the kernel says so and no more', () => {
    const { driver, device, log, write, table } = setup();
    const { domain } = table(0x5000n);
    must(domain.attachDev(DEV, null));
    expect(write(0x5000n)).not.toBeNull();
    log();
    const stopped = device.registers.read32(0x20);
    const error = 'riscv,iommu 3010000.iommu: Queue #0 error; fault:0 timeout:0 illegal:1 fence_w_ip:0';
    driver.parts.commands.send([0x7f, 0, 0, 0]);
    expect(log()).toContain(error);
    // It is still there, so the next look finds it again: what follows is never done.
    domain.paging!.unmap(0x5000n, 4096);
    expect(log()).toContain(error);
    expect(write(0x5000n)).not.toBeNull();
    expect(device.registers.read32(0x20)).toBe(stopped);
  });

  it('each allocation that fails is ENOMEM or ENODEV, and nothing half-done stays', () => {
    let failures = 0;
    for (let nth = 1; ; nth++) {
      const { memory, driver } = setup();
      const device = { name: '0000:02:00.0', rid: 0x8200, aliasRids: [0x8200] };
      memory.failNth(nth);
      const probed = driver.probeDevice(device);
      const before = memory.allocatedFrames;
      const domain = probed.ok ? driver.domainAllocPaging(device, {}) : probed;
      const mapped = domain.ok ? domain.value.paging!.map(0x1f_f000n, 0x10_0000, 8192, RW) : domain;
      memory.failNth(0);
      if (domain.ok) domain.value.paging!.free();
      expect(memory.allocatedFrames).toBe(before);
      if (mapped.ok) break;
      failures++;
      expect(mapped.errno).toBe(probed.ok ? 'ENOMEM' : 'ENODEV');
      must(driver.probeDevice(device));
      must(driver.domainAllocPaging(device, {}));
    }
    // Two tables of the directory, the root of Sv57, five tables below it.
    expect(failures).toBe(2 + 1 + 5);
  });
});
