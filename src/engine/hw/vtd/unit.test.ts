import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { TraceBuffer } from '../../trace/trace';
import { ok } from '../../kernel/errno';
import { transfer } from '../common/dma';
import { NO_PASID } from '../port';
import { SCALABLE_VTD_CONFIG, type VtdConfig } from './device/config';
import { createVtdUnit } from './unit';

const NIC = { name: '0000:01:00.0', rid: 0x0100, aliasRids: [0x0100] };
const RW = { read: true, write: true };

function setup(config: Partial<VtdConfig> = SCALABLE_VTD_CONFIG) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const abilitiesOf = () => ({ ats: true, pri: false, maxPasids: 1024 });
  const made = createVtdUnit({ unit: 'iommu:dmar3', segment: 0, memory, trace, config, abilitiesOf });
  if (!made.ok) throw new Error(made.why);
  const unit = made.value;
  unit.ops.probeDevice(NIC);
  unit.start();
  unit.ops.probeFinalize(NIC);
  const alloc = (flags = {}) => {
    const domain = unit.ops.domainAllocPaging(NIC, flags);
    if (!domain.ok) throw new Error(domain.why);
    return domain.value;
  };
  const dma = (iova: bigint, pasid = NO_PASID) =>
    transfer(unit.translator, memory, { device: NIC.name, rid: NIC.rid, pasid, iova, bytes: 1 }, trace)[0]!;
  trace.take();
  return { unit, memory, trace, alloc, dma };
}

describe('a unit as the machine sees it', () => {
  it('is named as it is told, and is off until it is started', () => {
    const made = createVtdUnit({ unit: 'iommu:dmar3', memory: new PhysicalMemory() });
    if (!made.ok) throw new Error(made.why);
    expect([made.value.ops.unit, made.value.device.state.config.unit]).toEqual([
      'iommu:dmar3',
      'iommu:dmar3',
    ]);
    expect(made.value.summary().enabled).toBe(false);
    made.value.start();
    expect(made.value.summary().enabled).toBe(true);
  });

  it('which domain serves a PASID, and which table is walked for it', () => {
    const u = setup();
    const [rid, pasid] = [u.alloc(), u.alloc({ dirtyTracking: true })];
    rid.attachDev(NIC, null);
    pasid.setDevPasid!(NIC, 7, null);
    for (const domain of [rid, pasid]) domain.paging!.map(0x1000n, 0x20_0000, 4096, RW);
    expect([NO_PASID, 7, 8].map((n) => u.unit.domainOf(NIC.name, n))).toEqual([rid, pasid, null]);
    expect(u.unit.walkedRoot(NIC.rid, NO_PASID)).toBeNull(); // nothing is cached yet
    u.dma(0x1000n);
    u.dma(0x1000n, 7);
    const root = (domain: typeof rid) => u.unit.tables(domain)!.rootPa;
    expect([u.unit.walkedRoot(NIC.rid, NO_PASID), u.unit.walkedRoot(NIC.rid, 7)]).toEqual([
      root(rid),
      root(pasid),
    ]);
    expect([u.unit.tables(rid)!.tag, u.unit.tables(pasid)!.tag]).toEqual(['DID 2', 'DID 3']);
    expect(u.unit.tables(u.unit.ops.identityDomain)).toBeNull();
  });

  it('an address by the levels of its table: a large page that is cached merges the rest', () => {
    const u = setup();
    const domain = u.alloc();
    domain.attachDev(NIC, null);
    domain.paging!.map(0x20_0000n, 0x60_0000, 2 ** 21, RW);
    const labels = () => u.unit.addressFields(0x20_1234n, null, domain).map(({ label }) => label);
    expect(labels()).toEqual(['level 4', 'level 3', 'level 2', 'level 1', 'offset']);
    u.dma(0x20_1234n);
    expect(labels()).toEqual(['level 4', 'level 3', 'level 2', 'offset']);
    expect(u.unit.addressFields(0n, null, u.unit.ops.identityDomain)).toEqual([]);
    expect(u.unit.addressFields(0n, null, null)).toEqual([]);
  });

  it('the tables of users and of processes have levels too', () => {
    const u = setup({ ...SCALABLE_VTD_CONFIG, widthBits: 57 });
    const words = new Uint8Array(24);
    new DataView(words.buffer).setBigUint64(8, 0x7000n, true);
    new DataView(words.buffer).setUint32(16, 57, true);
    const parent = u.alloc({ nestParent: true });
    const nested = u.unit.ops.domainAllocNested(NIC, parent, 0, {
      type: 1,
      length: 24,
      read: () => ok(words),
    });
    const sva = u.unit.ops.domainAllocSva(NIC, new ProcessMemory('qemu', u.memory));
    if (!nested.ok || !sva.ok) throw new Error('no domain');
    const levels = (domain: typeof parent) => u.unit.addressFields(0n, 1, domain).length - 1;
    expect([parent, nested.value, sva.value].map(levels)).toEqual([5, 5, 4]);
    // Of a guest's table only what it said when it made the domain is known.
    expect(u.unit.tables(nested.value)).toMatchObject({ levels: 5, rootPa: 0x7000, leaves: [] });
  });

  it('a fault: the handler has read it, the page can say why', () => {
    const u = setup();
    u.alloc().attachDev(NIC, null);
    u.dma(0xdead_b000n);
    const events = u.trace.take();
    expect(u.unit.view().faults).toEqual([]);
    expect(u.unit.faultLog()).toMatchObject([
      { device: NIC.name, access: 'read', iova: 0xdead_b000n, reason: 0x71 },
    ]);
    const fault = events.find((event) => event.kind === 'fault');
    if (fault?.kind !== 'fault') throw new Error('no fault');
    const steps = u.unit.explain(events);
    expect(steps.map(({ structure }) => structure)).toContain('pasid');
    const told = u.unit.explainFault(fault, steps);
    // dmar_fault_do_one()
    expect(told.kernelLine).toBe(
      'DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0xdeadb000 [fault reason 0x71] SM: Present bit in first-level paging entry is clear',
    );
    expect(told.why.length).toBeGreaterThan(20);
    expect(u.unit.faultLog()[0]?.kernelLine).toBe(told.kernelLine);
  });
});
