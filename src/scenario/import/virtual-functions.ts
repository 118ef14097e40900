import { formatBdf, ridOf } from '../../engine/pci/address';
import type { LspciRecord } from './record';

/**
 * Which functions are virtual, and whose: a physical function's SR-IOV capability says how many it has and where.
 *
 * Spec: PCI Express Base 6.0, 9.2.1.2 "VF Discovery"
 */
export function virtualFunctions(
  records: ReadonlyMap<string, LspciRecord>,
): ReadonlyMap<string, LspciRecord> {
  const virtualOf = new Map<string, LspciRecord>();
  // More in all than any machine has: counts that make no sense must not take for ever.
  let left = 200_000;
  for (const physical of records.values()) {
    const { sriov, address } = physical;
    if (sriov === null || sriov.offset === 0) continue;
    // A stride of 0 means that there is at most one.
    const count = Math.min(sriov.count, sriov.stride === 0 ? 1 : sriov.count, left);
    left -= count;
    for (let index = 0; index < count; index++) {
      const rid = (ridOf(address.bus, address.devfn) + sriov.offset + sriov.stride * index) & 0xffff;
      const name = formatBdf({ domain: address.domain, bus: rid >> 8, devfn: rid & 0xff });
      if (records.has(name) && records.get(name) !== physical) virtualOf.set(name, physical);
    }
  }
  return virtualOf;
}

/**
 * Functions that may be virtual: behind a physical one whose capability is there, but not where its virtual functions are
 * (`lspci -v`). They are of its vendor, and no physical functions with virtual ones of their own.
 */
export function maybeVirtual(records: ReadonlyMap<string, LspciRecord>): ReadonlySet<string> {
  const maybe = new Set<string>();
  const hidden = [...records.values()].filter(({ sriov, sriovListed }) => sriovListed && sriov === null);
  if (hidden.length === 0) return maybe;
  for (const [name, record] of records) {
    const { address, vendorId, sriovListed } = record;
    const rid = ridOf(address.bus, address.devfn);
    const of = hidden.some(
      (physical) =>
        physical.address.domain === address.domain &&
        physical.vendorId === vendorId &&
        ridOf(physical.address.bus, physical.address.devfn) < rid,
    );
    if (of && !sriovListed && !record.isBridge && record.buses === null) maybe.add(name);
  }
  return maybe;
}
