import { describe, expect, it } from 'vitest';
import type { IommuDomain } from '../../../iommu/ops';
import { ProcessMemory } from '../../../memory/process-memory';
import { entryOf, FULL_EFR, NIC, paging, rig, type Rig } from './fake-unit.conformance';

// Expected values: drivers/iommu/amd/{pasid,iommu}.c of the 7.1 merge window, by the functions named.

const abilitiesOf = () => ({ ats: false, pri: false, maxPasids: 1024 });

function sva(r: Rig): { domain: IommuDomain; process: ProcessMemory; va: bigint } {
  const process = new ProcessMemory('app', r.memory);
  const mapping = process.mmap(4096);
  const made = r.driver.domainAllocSva(NIC, process);
  if (!mapping.ok || !made.ok) throw new Error('no SVA domain');
  return { domain: made.value, process, va: mapping.value.userVa };
}

/** Entry of a PASID, found from the device table as hardware does. Two levels: 1024 PASIDs. */
function gcr3Of(r: Rig, pasid: number): bigint {
  const [w0 = 0n, w1 = 0n] = entryOf(r, 0x100);
  const root = (((w0 >> 58n) & 7n) << 12n) | (((w1 >> 16n) & 0xffffn) << 15n) | ((w1 >> 43n) << 31n);
  const lower = r.memory.readU64(Number(root) + (pasid >> 9) * 8) ?? 0n;
  return lower === 0n ? 0n : (r.memory.readU64(Number(lower & ~0xfffn) + (pasid & 511) * 8) ?? 0n);
}

describe('a process under a PASID', () => {
  it('its table’s root is in the device’s GCR3 table, and the unit forgets the PASID', () => {
    const r = rig({ abilitiesOf });
    const { domain, va, process } = sva(r);
    r.driver.identityDomain.attachDev(NIC, null);
    r.bus.takeCommands();
    expect(domain.setDevPasid!(NIC, 600, null).ok).toBe(true);
    const root = gcr3Of(r, 600);
    expect(root & 0xfffn).toBe(1n);
    // update_gcr3(): dev_flush_pasid_all() with the device's domain id: 1 identity, 2 the SVA domain, 3 the device's.
    expect(r.bus.takeCommands()).toEqual(['258 30000003 fffff007 7fffffff', 'wait']);
    // Four levels of the process's own table lead to its page.
    let at = Number(root & ~0xfffn);
    for (const shift of [39n, 30n, 21n, 12n])
      at = Number((r.memory.readU64(at + Number((va >> shift) & 511n) * 8) ?? 0n) & 0xf_ffff_ffff_f000n);
    expect(at).toBe(process.physical(va));
    expect(r.driver.domainOf(NIC.name, 600)).toBe(domain);
  });

  it('what the process unmaps is flushed for every bond, before its frames are anybody else’s', () => {
    const r = rig({ abilitiesOf });
    const { domain, process, va } = sva(r);
    r.driver.identityDomain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 5, null);
    domain.setDevPasid!(NIC, 6, null);
    r.bus.takeCommands();
    process.munmap(va, 4096);
    const flush = (pasid: number) =>
      `${pasid} 30000003 ${((Number(va & 0xffff_f000n) | 6) >>> 0).toString(16)} ${(va >> 32n).toString(16)}`;
    // sva_arch_invalidate_secondary_tlbs(), newest first
    expect(r.bus.takeCommands()).toEqual([flush(6), 'wait', flush(5), 'wait']);
  });

  it('detach, and the end of the process, take the root away', () => {
    const r = rig({ abilitiesOf });
    const { domain, process } = sva(r);
    r.driver.identityDomain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 5, null);
    domain.setDevPasid!(NIC, 6, null);
    expect(r.driver.blockedDomain.setDevPasid!(NIC, 5, domain).ok).toBe(true);
    expect([gcr3Of(r, 5), gcr3Of(r, 6) & 1n]).toEqual([0n, 1n]);
    expect(r.driver.domainOf(NIC.name, 5)).toBeNull();
    process.exit();
    expect(gcr3Of(r, 6)).toBe(0n);
    // A second time it is nobody's.
    expect(r.driver.blockedDomain.setDevPasid!(NIC, 5, domain).ok).toBe(true);
  });

  it('refusals in their order: an old domain, a PASID out of range, a device without a table of PASIDs', () => {
    const r = rig({ abilitiesOf });
    const { domain } = sva(r);
    const set = (pasid: number, old: IommuDomain | null = null) => {
      const result = domain.setDevPasid!(NIC, pasid, old);
      return result.ok ? 'ok' : result.errno;
    };
    expect([set(0, domain), set(0), set(1024), set(1)]).toEqual(['EOPNOTSUPP', 'EINVAL', 'EINVAL', 'EINVAL']);
    paging(r.driver).attachDev(NIC, null); // a host table: no PASIDs
    expect(set(1)).toBe('EINVAL');
    paging(r.driver, { pasid: true }).attachDev(NIC, null);
    expect(set(1)).toBe('ok');
    r.driver.blockedDomain.setDevPasid!(NIC, 1, domain);
    r.memory.failNth(1);
    expect(set(1000)).toBe('ENOMEM');
  });

  it('max_pasids is the smaller of what device and unit have', () => {
    const efr = (FULL_EFR & ~(0x1fn << 32n)) | (7n << 32n);
    const r = rig({ abilitiesOf, efr });
    expect(r.driver.maxPasids).toBe(255);
    r.driver.identityDomain.attachDev(NIC, null);
    const { domain } = sva(r);
    expect(domain.setDevPasid!(NIC, 255, null)).toMatchObject({ errno: 'EINVAL' });
    expect(domain.setDevPasid!(NIC, 254, null).ok).toBe(true);
  });

  it('a freed domain gives everything back', () => {
    const r = rig({ abilitiesOf });
    const process = new ProcessMemory('app', r.memory);
    process.mmap(4096);
    const before = [r.memory.allocatedFrames, r.driver.ids.count];
    const made = r.driver.domainAllocSva(NIC, process);
    if (!made.ok) throw new Error(made.why);
    made.value.free!();
    expect([r.memory.allocatedFrames, r.driver.ids.count]).toEqual(before);
  });

  it('PASIDs above the 16 bits that the driver knows are a BUG', () => {
    expect(() => rig({ efr: FULL_EFR | (0x13n << 32n) })).toThrow('16 bits');
  });
});

describe('what a device may do of its own', () => {
  const all = () => ({ ats: true, pri: true, maxPasids: 1024 });
  function switched(options = {}) {
    const calls: string[] = [];
    const say = (what: string) => (device: string, on: boolean) =>
      void calls.push(`${what} ${on ? 'on' : 'off'} ${device}`);
    const control = { ats: say('ats'), pri: say('pri'), pasid: say('pasid') };
    const gate = { allow: () => true, forbid: () => undefined, report: () => undefined };
    const r = rig({ abilitiesOf: all, control, pageRequests: gate, ...options });
    const take = () => calls.splice(0).map((call) => call.replace(` ${NIC.name}`, ''));
    return { ...r, take };
  }
  const PPR = 1n << 52n;

  it('PASID, ATS, PRI are switched on in this order, off as ATS, PASID, PRI; host tables get ATS alone', () => {
    const r = switched();
    r.driver.identityDomain.attachDev(NIC, null);
    // pdev_enable_caps(), amd_iommu_iopf_add_device()
    expect(r.take()).toEqual(['pasid on', 'ats on', 'pri on']);
    expect(entryOf(r, 0x100)[0]! & PPR).toBe(PPR);
    r.driver.blockedDomain.attachDev(NIC, null);
    expect(r.take()).toEqual(['ats off', 'pasid off', 'pri off']);
    paging(r.driver).attachDev(NIC, null);
    expect(r.take()).toEqual(['ats on']);
    expect((entryOf(r, 0x100)[1]! >> 32n) & 1n).toBe(1n);
  });

  it('a device that cannot be in the queue of page requests loses PRI, not more', () => {
    const r = switched({
      pageRequests: { allow: () => false, forbid: () => undefined, report: () => undefined },
    });
    r.driver.identityDomain.attachDev(NIC, null);
    expect(r.take()).toEqual(['pasid on', 'ats on', 'pri on', 'pri off']);
    expect(entryOf(r, 0x100)[0]! & PPR).toBe(0n);
  });

  it('an untrusted device gets no ATS, and without ATS no PRI', () => {
    const r = switched({ abilitiesOf: () => ({ ...all(), untrusted: true }) });
    r.driver.identityDomain.attachDev(NIC, null);
    expect(r.take()).toEqual(['pasid on']);
  });

  it('its own TLB is flushed with the entry, with pages, and with PASIDs', () => {
    const r = switched();
    const domain = paging(r.driver);
    domain.attachDev(NIC, null);
    const everything = '20000100 40000100 fffff001 7fffffff';
    // build_inv_iotlb_pages(): devid, queue depth 32 in bits 31:24 of word 0; device_flush_dte() flushes all of it.
    expect(r.bus.takeCommands().slice(-3)).toEqual(['100 20000000 0 0', everything, 'wait']);
    domain.paging!.map(0x1000n, 0x4000_0000, 4096, { read: true, write: true });
    domain.paging!.unmap(0x1000n, 4096);
    expect(r.bus.takeCommands()).toEqual(['0 30000002 1002 0', '20000100 40000100 1000 0', 'wait']);
    r.driver.identityDomain.attachDev(NIC, domain);
    const { domain: process } = sva(r);
    r.bus.takeCommands();
    process.setDevPasid!(NIC, 0x2a5, null);
    // PASID bits 15:8 in bits 23:16 of word 0, bits 7:0 in 23:16 of word 1; GN.
    expect(r.bus.takeCommands().slice(1)).toEqual(['20020100 40a50100 fffff005 7fffffff', 'wait']);
  });
});
