import { describe, expect, it } from 'vitest';
import { entryOf, guestData, NIC, paging, rig, RW, viommuOver } from './fake-unit.conformance';

// Expected values: drivers/iommu/amd/{nested,iommufd}.c of the 7.1 merge window, by the functions named.

const V = 1n;
const GV = 1n << 55n;
const GCR3 = 1n << 58n;
const guest = (domid: number): readonly bigint[] => [V | 2n | GV | GCR3, BigInt(domid), 0n, 0n];

function vm(options = {}) {
  const r = rig({ nestedDomains: true, ...options });
  const parent = paging(r.driver, { nestParent: true });
  const viommu = viommuOver(r.driver, parent);
  const alloc = (words: readonly bigint[], type = 3) => viommu.allocDomainNested!(0, guestData(words, type));
  const domain = (domid: number) => {
    const made = alloc(guest(domid));
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  return { ...r, parent, viommu, alloc, domain };
}

describe('a guest’s device table entry', () => {
  it('the kernel of this version fills alloc_domain_nested with nothing', () => {
    const r = rig();
    expect(viommuOver(r.driver, paging(r.driver, { nestParent: true })).allocDomainNested).toBeUndefined();
    expect(r.driver.supportsViommu()).toBe(true);
  });

  it.each<[string, readonly bigint[], string, number?]>([
    // amd_iommu_alloc_domain_nested(), iommu_copy_struct_from_user(), validate_gdte_nested(), in their order
    ['of another vendor', guest(1), 'EOPNOTSUPP', 1],
    ['too short', [0n, 0n, 0n], 'EINVAL'],
    ['too long', [0n, 0n, 0n, 0n, 0n], 'EINVAL'],
    ['with Mode', [V | (1n << 9n), 0n, 0n, 0n], 'EINVAL'],
    ['with a host table', [V | (1n << 51n), 0n, 0n, 0n], 'EINVAL'],
    ['GV without a GCR3 table', [V | GV, 0n, 0n, 0n], 'EINVAL'],
    ['GV, and not V, without a GCR3 table', [GV, 0n, 0n, 0n], 'ok'],
    ['GCR3 bits 30:15 alone', [V | GV, 1n << 16n, 0n, 0n], 'ok'],
    ['GCR3 bits 51:31 alone', [V | GV, 1n << 43n, 0n, 0n], 'ok'],
    ['guest paging mode 2', [V, 0n, 2n << 54n, 0n], 'EINVAL'],
    ['guest paging mode 3, before five levels are looked at', [V, 0n, 3n << 54n, 0n], 'EINVAL'],
    ['GLX 3', [V | (3n << 56n), 0n, 0n, 0n], 'EINVAL'],
    ['GLX 3 and five levels: GLX first', [V | (3n << 56n), 0n, 1n << 54n, 0n], 'EINVAL'],
    ['five levels over four of the host', [V | GV | GCR3, 0n, 1n << 54n, 0n], 'EOPNOTSUPP'],
  ])('%s', (_, words, expected, type = 3) => {
    const { alloc, driver } = vm();
    const before = driver.ids.count;
    const made = alloc(words, type);
    expect(made.ok ? 'ok' : made.errno).toBe(expected);
    expect(driver.ids.count).toBe(before + (made.ok ? 1 : 0));
  });

  it('five levels where the processors have them too', () => {
    const { alloc } = vm({ la57: true });
    expect(alloc([V | GV | GCR3, 0n, 1n << 54n, 0n]).ok).toBe(true);
  });

  it('attach: the parent’s table, the guest’s GCR3 table, and a host domain id', () => {
    const u = vm();
    const words = [
      V | GV | (1n << 54n) | (1n << 52n) | (2n << 56n) | (5n << 58n) | (1n << 62n),
      0xabcd_0007n | (0x155n << 43n),
      0n,
      ~0n & 0xffff_ffff_ffff_ffffn,
    ];
    const made = u.alloc(words);
    if (!made.ok) throw new Error(made.why);
    expect(made.value.attachDev(NIC, null).ok).toBe(true);
    const { rootPa, levels } = u.driver.describeDomain(u.parent)!;
    // set_dte_nested(): of the guest's GV, PPR, GLX, GIoV and the three parts of the root; ids: identity 1, parent 2.
    const w0 =
      3n |
      (BigInt(levels) << 9n) |
      BigInt(rootPa) |
      (1n << 52n) |
      (1n << 54n) |
      GV |
      (2n << 56n) |
      (5n << 58n) |
      (3n << 61n);
    expect(entryOf(u, 0x100)).toEqual([w0, 0xabcd_0003n | (0x155n << 43n), 1n, 0n]);
    expect(u.driver.domainOf(NIC.name, 0)).toBe(made.value);
    expect(u.driver.domainOf(NIC.name, 9)).toBe(made.value);
    expect(made.value.nested!.parent).toBe(u.parent);
  });

  it('a guest’s domain id has one host id in a VM, and another in another', () => {
    const u = vm();
    const other = viommuOver(u.driver, u.parent);
    const [a, b, c] = [u.domain(7), u.domain(7), u.domain(8)];
    const made = other.allocDomainNested!(0, guestData(guest(7)));
    if (!made.ok) throw new Error(made.why);
    const ids = [a, b, c, made.value].map((domain) => {
      domain.attachDev(NIC, null);
      return Number(entryOf(u, 0x100)[1]! & 0xffffn);
    });
    expect(ids).toEqual([3, 3, 4, 5]);
    const before = u.driver.ids.count;
    a.free!();
    expect(u.driver.ids.count).toBe(before);
    b.free!();
    expect(u.driver.ids.count).toBe(before - 1);
    expect(u.domain(9).attachDev(NIC, null).ok).toBe(true);
    expect(Number(entryOf(u, 0x100)[1]! & 0xffffn)).toBe(3);
  });

  it('no ids left is ENOSPC', () => {
    const u = vm();
    while (u.driver.ids.allocate() !== null);
    expect(u.alloc(guest(1))).toMatchObject({ errno: 'ENOSPC' });
  });

  it('a change of the parent’s table flushes every host id of every VM over it', () => {
    const u = vm();
    u.parent.attachDev(NIC, null);
    u.domain(9);
    u.domain(7);
    u.parent.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    u.bus.takeCommands();
    u.parent.paging!.unmap(0x1000n, 4096);
    // domain_flush_pages_v1(), iommu_flush_pages_v1_hdom_ids(): by ascending guest id
    expect(u.bus.takeCommands()).toEqual([
      '0 30000002 1002 0',
      '0 30000004 1002 0',
      '0 30000003 1002 0',
      'wait',
    ]);
    u.viommu.destroy!();
    u.parent.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    u.bus.takeCommands();
    u.parent.paging!.unmap(0x1000n, 4096);
    expect(u.bus.takeCommands()).toEqual(['0 30000002 1002 0', 'wait']);
  });

  it('while the host has PASIDs of the device the guest cannot: EINVAL', () => {
    const u = vm({ abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 8 }) });
    u.driver.identityDomain.attachDev(NIC, null);
    expect(u.domain(1).attachDev(NIC, null)).toMatchObject({ errno: 'EINVAL', rule: 'nested_attach_device' });
    u.driver.blockedDomain.attachDev(NIC, null);
    expect(u.domain(1).attachDev(NIC, null).ok).toBe(true);
  });

  it('back to the parent does nothing: the device never left its list', () => {
    const u = vm();
    u.parent.attachDev(NIC, null);
    const nested = u.domain(1);
    nested.attachDev(NIC, u.parent);
    const entry = entryOf(u, 0x100);
    // amd_iommu_attach_device(): dev_data->domain == domain
    expect(u.parent.attachDev(NIC, nested).ok).toBe(true);
    expect(entryOf(u, 0x100)).toEqual(entry);
  });

  it('a parent without a host table is none', () => {
    const r = rig();
    expect(r.driver.viommuInit({} as never, r.driver.identityDomain)).toMatchObject({ errno: 'EINVAL' });
  });
});
