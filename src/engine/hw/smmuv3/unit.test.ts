import { describe, expect, it } from 'vitest';
import type { IommuClient } from '../../iommu/ops';
import type { Result } from '../../kernel/errno';
import { PhysicalMemory } from '../../memory/physical-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import { createSmmuUnit } from './unit';

/** What a page asks of a unit. Spec: SMMUv3 IHI 0070; expected values from what the test itself set up. */
const DEV: IommuClient = { name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] };

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
}

function setup() {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const unit = must(createSmmuUnit({ unit: 'iommu:smmu0', memory, trace }));
  must(unit.ops.probeDevice(DEV));
  const domain = must(unit.ops.domainAllocPaging(DEV, {}));
  must(domain.attachDev(DEV, null));
  const pa = must(memory.allocateFrames(1)) * 4096;
  must(domain.paging!.map(0x5000n, pa, 4096, { read: true, write: true }));
  const write = (iova: bigint): number | null => {
    const request = { device: DEV.name, rid: DEV.rid, iova, bytes: 1, data: Uint8Array.of(7) };
    return transfer(unit.translator, memory, request, trace)[0]!.pa;
  };
  return { memory, trace, unit, domain, write, pa };
}

describe('SmmuUnit', () => {
  it('says what serves a device, by which table, under which tag', () => {
    const { unit, domain, write } = setup();
    const tables = unit.tables(domain)!;
    expect(tables).toMatchObject({
      levels: 4,
      tag: 'ASID 1',
      leaves: [{ sizeLg2: 12, count: 1 }, { count: 0 }, { count: 0 }],
    });
    expect(unit.domainOf(DEV.name, -1)).toBe(domain);
    expect(unit.walkedRoot(0x200, -1)).toBeNull();
    // The driver had the entries prefetched.
    write(0x5000n);
    expect(unit.walkedRoot(0x100, -1)).toBe(tables.rootPa);
    expect(unit.tables(unit.ops.identityDomain)).toBeNull();
  });

  it('a fault that was read stays in the log, in words', () => {
    const { unit, write } = setup();
    write(0x9000n);
    const [record] = unit.faultLog();
    expect(record).toMatchObject({
      device: DEV.name,
      access: 'write',
      iova: 0x9000n,
      reason: 0x10,
      name: 'F_TRANSLATION',
    });
    expect(record!.kernelLine).toContain(
      'event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: 0x9000',
    );
    expect(unit.view().faults).toEqual([]);
  });

  it('a stale translation shows as stale, and looking changes nothing', () => {
    const { unit, domain, write, pa } = setup();
    write(0x5000n);
    const staleOf = (): number => unit.summary().caches.reduce((sum, cache) => sum + cache.stale, 0);
    expect(staleOf()).toBe(0);
    unit.ops.skipInvalidation = true;
    domain.paging!.unmap(0x5000n, 4096);
    expect(staleOf()).toBeGreaterThan(0);
    unit.view();
    expect(write(0x5000n)).toBe(pa);
  });

  it('steps of a walk, and why it failed', () => {
    const { unit, trace, write } = setup();
    const mark = trace.mark();
    write(0x9000n);
    const events = trace.since(mark);
    const steps = unit.explain(events);
    const reads = steps.filter(({ kind }) => kind === 'read').map(({ structure }) => structure);
    expect(reads.filter((each) => each === 'table')).toHaveLength(4);
    // Entry and descriptor were prefetched.
    const cached = steps.filter(({ kind, outcome }) => kind === 'cache' && outcome === 'hit');
    expect(cached.map(({ structure }) => structure)).toEqual(expect.arrayContaining(['ste', 'cd']));
    const fault = events.find((event) => event.kind === 'fault')!;
    expect(unit.explainFault(fault, steps).why).not.toBe('');
    expect(unit.explainFault(fault, steps).kernelLine.split('\n')).toHaveLength(7);
  });

  it('cuts an address by the table’s own levels, as the architecture numbers them', () => {
    const { unit, domain } = setup();
    const fields = unit.addressFields(0x5123n, null, domain);
    expect(fields.map(({ label, value }) => `${label}=${value.toString(16)}`)).toEqual([
      ...['level 0=0', 'level 1=0', 'level 2=0', 'level 3=5', 'offset=123'],
    ]);
    expect(unit.addressFields(0x5123n, null, null)).toEqual([]);
  });
});
