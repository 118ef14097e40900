import { hex } from '../../lib/u64';
import { err } from '../kernel/errno';
import type { Evidence } from '../pci/evidence';
import type { Device } from './device';
import type { GroupDecision } from './group';

/**
 * Who carries the same number as another device cannot be told apart from it, so it goes with that one; null: nobody does.
 * `others`: devices with a group. Groups that cannot be one are refused.
 *
 * Linux: arm-smmu.c arm_smmu_device_group(); amd/iommu.c acpihid_device_group()
 */
export function decideByStreams(
  device: Device,
  others: readonly Device[],
  rule: string,
): GroupDecision | null {
  const found = device.client.aliasRids.flatMap((id) => {
    const via = others.find(({ client }) => client.aliasRids.includes(id));
    return via === undefined ? [] : [{ id, via }];
  });
  const [first] = found;
  if (first === undefined) return null;
  const { id, via } = first;
  const other = found.find((each) => each.via.group !== via.group);
  if (other !== undefined)
    return err(
      'EINVAL',
      `${device.name} shares ${hex(id)} with ${via.name} and ${hex(other.id)} with ${other.via.name}, which are in different groups`,
      { rule, culprit: other.via.worldId },
    );
  return join(device, via, 'shared-stream', {
    why: `both send DMA as ${hex(id)}, so their IOMMU cannot tell them apart`,
    what: `DMA carries ${hex(id)} for both`,
    where: 'firmware',
    rule,
  });
}

/** One group for all that the IOMMU serves; null: it is the first. Linux: generic_single_device_group() */
export function decideSingle(device: Device, others: readonly Device[]): GroupDecision | null {
  const [via] = others;
  if (via === undefined) return null;
  return join(device, via, 'single-group', {
    why: 'the driver of their IOMMU has one group for all that it serves',
    what: 'one address space for every device',
    where: 'IOMMU',
    rule: 'generic_single_device_group',
  });
}

function join(
  device: Device,
  via: Device,
  rule: string,
  { why, ...ground }: Pick<Evidence, 'what' | 'where' | 'rule'> & { readonly why: string },
): GroupDecision | null {
  if (via.group === null) return null;
  return {
    kind: 'join',
    group: via.group.id,
    via: via.name,
    rule,
    why: `${device.name} and ${via.name}: ${why}`,
    evidence: [{ device: via.name, missing: [], ...ground }],
  };
}
