import type { Evidence } from '../pci/evidence';
import type { PciFunction } from '../pci/function';
import { decideGroup, type GroupDecision, type GroupOf } from './pci-device-group';

/**
 * How an IOMMU's driver makes groups. Linux: iommu_ops::device_group
 *
 * `pci`: pci_device_group(), what nearly every driver does with PCI functions. `device`: generic_device_group(), one each (s390).
 * `single`: generic_single_device_group(), one for all (sun50i, rockchip, omap). `host-bridge`: one for all behind a PCI
 * controller that cannot tell them apart (fsl_pamu_device_group(), controllers before version 2.04). `stream`: who sends the
 * same StreamID goes together, else as `pci` (arm_smmu_device_group() of SMMU versions 1 and 2); see platform-group.ts.
 */
export const GROUP_POLICIES = ['pci', 'device', 'single', 'host-bridge', 'stream'] as const;
export type GroupPolicy = (typeof GROUP_POLICIES)[number];

/** `served`: the functions that the same IOMMU serves, in the order of their adding. */
export function decideByPolicy<G>(
  policy: GroupPolicy,
  fn: PciFunction,
  groupOf: GroupOf<G>,
  served: () => readonly PciFunction[],
): GroupDecision<G> {
  switch (policy) {
    case 'pci':
    case 'stream':
      return decideGroup(fn, groupOf);
    case 'device':
      return { kind: 'new' };
    case 'single':
      return withFirst(fn, groupOf, served(), 'single-group', {
        why: 'the driver of their IOMMU has one group for all that it serves',
        what: 'one address space for every device',
        where: 'IOMMU',
        rule: 'generic_single_device_group',
      });
    case 'host-bridge':
      return withFirst(fn, groupOf, served().filter(behindHostBridgeOf(fn)), 'host-bridge', {
        why: `the IOMMU sees the PCI controller of bus ${rootBusName(fn)} as one device`,
        what: `pci${rootBusName(fn)} cannot tell its devices apart`,
        where: 'host bridge',
        rule: 'fsl_pamu_device_group',
      });
  }
}

interface Ground {
  readonly why: string;
  readonly what: string;
  readonly where: string;
  readonly rule: string;
}

function withFirst<G>(
  fn: PciFunction,
  groupOf: GroupOf<G>,
  others: readonly PciFunction[],
  rule: 'single-group' | 'host-bridge',
  { why, ...ground }: Ground,
): GroupDecision<G> {
  for (const via of others) {
    const group = via === fn ? null : groupOf(via);
    if (group === null) continue;
    const evidence: Evidence = { device: via.name, missing: [], ...ground };
    const both = `${fn.shortName} and ${via.shortName}`;
    return { kind: 'join', group, via, rule, why: `${both}: ${why}`, evidence: [evidence] };
  }
  return { kind: 'new' };
}

function rootBusOf(fn: PciFunction): { readonly domain: number; readonly number: number } {
  let { bus } = fn;
  while (bus.parent !== null) bus = bus.parent;
  return bus;
}

const behindHostBridgeOf =
  (fn: PciFunction) =>
  (other: PciFunction): boolean =>
    rootBusOf(other) === rootBusOf(fn);

/** `0000:00` */
function rootBusName(fn: PciFunction): string {
  const { domain, number } = rootBusOf(fn);
  return `${domain.toString(16).padStart(4, '0')}:${number.toString(16).padStart(2, '0')}`;
}
