import { describe, expect, it } from 'vitest';
import { transfer } from '../hw/common/dma';
import { createVtdUnit } from '../hw/vtd/unit';
import { IommuCore } from '../iommu/core';
import { storeGroupType } from '../iommu/group-type';
import { probeBus } from '../iommu/probe';
import { runTask, type Task } from '../kernel/task';
import { PhysicalMemory } from '../memory/physical-memory';
import { TraceBuffer } from '../trace/trace';
import { dmaAlloc, dmaFree } from './alloc';
import { cookieOf } from './cookie';
import { dmaMap, dmaUnmap } from './map';

// What hardware does with stale entries: VT-d specification, "Invalidation of Translation Caches"; when the kernel tells it:
// drivers/iommu/dma-iommu.c and intel/cache.c of the 7.1 merge window.
function machine(strict: boolean) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const made = createVtdUnit({ memory, trace });
  if (!made.ok) throw new Error(made.why);
  const { driver, device: hardware } = made.value;
  const core = new IommuCore(trace, { passthrough: false, strict });
  core.registerUnit(driver);
  const nic = core.addDevice({ name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] });
  const run = <T>(task: Task<T>): T => runTask(task, trace);
  run(probeBus(core, [nic], () => ({ kind: 'new' })));
  driver.enableTranslation();
  /** Where the device's read ends; null: refused. */
  const read = (iova: bigint) =>
    transfer(hardware, memory, { device: nic.name, rid: 0x100, iova, bytes: 4 })[0]?.pa ?? null;
  const map = (pa: number): bigint => {
    const mapped = run(dmaMap(core, nic, { pa, bytes: 4096, direction: 'bidirectional' }));
    if (!mapped.ok) throw new Error(mapped.why);
    return mapped.value;
  };
  const flushes = () =>
    trace.take().flatMap((event) => (event.kind === 'command' && event.name.startsWith('IOTLB') ? [1] : []))
      .length;
  const queue = () => cookieOf(nic.group?.defaultDomain ?? null)?.queue ?? null;
  return { memory, core, nic, run, read, map, flushes, queue };
}

describe('the DMA API over a VT-d unit', () => {
  it('is lazy unless told otherwise: the page-table code is the kernel’s common one', () => {
    expect(machine(false).nic.group?.defaultDomain?.type).toBe('DMA-FQ');
    expect(machine(true).nic.group?.defaultDomain?.type).toBe('DMA');
  });

  it('interrupt addresses are never handed out', () => {
    const m = machine(true);
    const all = Array.from({ length: 0x1200 }, (_, page) => m.map(page * 4096));
    expect(all.filter((iova) => iova >= 0xfee0_0000n && iova <= 0xfeef_ffffn)).toEqual([]);
    expect(all.at(-1)).toBe(0xfed0_0000n);
  });

  it('strict: unmapped is unreachable', () => {
    const m = machine(true);
    const iova = m.map(0x20_0000);
    expect(m.read(iova)).toBe(0x20_0000);
    m.flushes();
    dmaUnmap(m.core, m.nic, iova, 4096);
    expect(m.flushes()).toBe(1);
    expect(m.read(iova)).toBeNull();
  });

  it('lazy: the device still reaches what was unmapped, until the flush', () => {
    const m = machine(false);
    const [used, unused] = [m.map(0x20_0000), m.map(0x30_0000)];
    m.read(used);
    m.flushes();
    dmaUnmap(m.core, m.nic, used, 4096);
    dmaUnmap(m.core, m.nic, unused, 4096);
    expect(m.flushes()).toBe(0);
    expect([m.read(used), m.read(unused)]).toEqual([0x20_0000, null]);
    m.queue()?.timeout();
    expect(m.flushes()).toBe(1);
    expect(m.read(used)).toBeNull();
  });

  it('lazy: memory that was freed may be somebody else’s while the device still writes to it', () => {
    const m = machine(false);
    const buffer = m.run(dmaAlloc(m.core, m.nic, m.memory, 4096));
    if (!buffer.ok) throw new Error(buffer.why);
    const { address, runs } = buffer.value;
    const first = m.read(address);
    dmaFree(m.core, m.nic, m.memory, buffer.value);
    const again = m.memory.allocateFrames(1);
    expect([first, m.read(address)]).toEqual([runs[0]!.pfn * 4096, runs[0]!.pfn * 4096]);
    expect(again).toMatchObject({ value: runs[0]!.pfn });
  });

  it('lazy: tables that an unmap emptied are given back by the flush, not before', () => {
    const m = machine(false);
    const before = m.memory.allocatedFrames;
    const big = m.run(dmaMap(m.core, m.nic, { pa: 0x1000, bytes: 2 ** 21, direction: 'to-device' }));
    if (!big.ok) throw new Error(big.why);
    const held = m.memory.allocatedFrames;
    dmaUnmap(m.core, m.nic, big.value, 2 ** 21);
    expect(m.memory.allocatedFrames).toBe(held);
    m.queue()?.timeout();
    expect(held - m.memory.allocatedFrames).toBe(1);
    expect(m.memory.allocatedFrames).toBeGreaterThanOrEqual(before);
  });

  it('identity: addresses are physical and reach memory untranslated', () => {
    const m = machine(false);
    m.run(storeGroupType(m.core, m.nic.group!, 'identity'));
    const iova = m.map(0x20_0000);
    expect([iova, m.read(iova)]).toEqual([0x20_0000n, 0x20_0000]);
  });
});
