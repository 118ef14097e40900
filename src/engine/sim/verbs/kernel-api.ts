import type { IommuCap } from '../../iommu/ops';
import {
  claimDeviceDmaOwner,
  claimGroupDmaOwner,
  releaseDeviceDmaOwner,
  releaseGroupDmaOwner,
} from '../../iommu/ownership';
import { addGroupDevice, removeGroupDevice } from '../../iommu/probe';
import { resetDone, resetPrepare } from '../../iommu/reset';
import { setGroupName } from '../../iommu/sysfs';
import type { Device } from '../../iommu/device';
import type { DmaOwner, IommuGroup } from '../../iommu/group';
import type { Task } from '../../kernel/task';
import type { Machine } from '../machine';
import { mismatch, type Outcome } from '../statement';
import { count } from './machine';
import { deviceAt, found, groupAt, kernelVerb, mistake, pciDeviceAt, said } from './verb';

/** What kernel drivers ask of the IOMMU core about groups and devices: verbs in the spelling of its functions. */

/** An owner is whatever a driver says it is; the same word is the same owner. */
function ownerOf({ owners }: Machine, word: string): DmaOwner {
  const known = owners.get(word);
  if (known !== undefined) return known;
  const made: DmaOwner = { worldId: `owner:${word}`, title: word };
  owners.set(word, made);
  return made;
}

const ownedWords = (group: IommuGroup | null): string =>
  group === null
    ? ''
    : `group ${group.id}: ${count(group.ownerCnt, 'claim')} of ${group.owner?.title ?? 'nobody'}`;

/** `iommu_device_claim_dma_owner 01:00.0 me` */
export const deviceClaimDmaOwner = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const owner = ownerOf(machine, args.word(1) ?? '');
  const claimed = yield* claimDeviceDmaOwner(machine.core, device.value, owner);
  return claimed.ok ? said(ownedWords(device.value.group)) : claimed;
});

/** `iommu_device_release_dma_owner 01:00.0` */
export const deviceReleaseDmaOwner = kernelVerb(function* (context): Task<Outcome> {
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  yield* releaseDeviceDmaOwner(context.machine.core, device.value);
  return said(ownedWords(device.value.group));
});

/** `iommu_group_claim_dma_owner 3 me` */
export const groupClaimDmaOwner = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const group = groupAt(context, 0);
  if (!group.ok) return group;
  const claimed = yield* claimGroupDmaOwner(machine.core, group.value, ownerOf(machine, args.word(1) ?? ''));
  return claimed.ok ? said(ownedWords(group.value)) : claimed;
});

/** `iommu_group_release_dma_owner 3` */
export const groupReleaseDmaOwner = kernelVerb(function* (context): Task<Outcome> {
  const group = groupAt(context, 0);
  if (!group.ok) return group;
  yield* releaseGroupDmaOwner(context.machine.core, group.value);
  return said(ownedWords(group.value));
});

/** `iommu_group_alloc`: a group without devices, which whoever made it holds. */
export const groupAlloc = kernelVerb(({ machine }) => {
  const group = machine.core.allocGroup();
  holdGroup(machine, group);
  return said(`group ${group.id}`);
});

/** `group_get 3`. Linux: iommu_group_get_by_id() */
export const groupGet = kernelVerb((context) => {
  const group = groupAt(context, 0);
  if (!group.ok) return group;
  holdGroup(context.machine, group.value);
  return said(`group ${group.value.id} is held`);
});

function holdGroup({ core, groupHolds }: Machine, group: IommuGroup): void {
  core.getGroup(group);
  groupHolds.set(group, (groupHolds.get(group) ?? 0) + 1);
}

/** `group_put 3`. Linux: iommu_group_put() */
export const groupPut = kernelVerb((context) => {
  const { machine, args } = context;
  const group = groupAt(context, 0);
  if (!group.ok) return group;
  const held = machine.groupHolds.get(group.value) ?? 0;
  if (held === 0)
    return mistake(`no line of this script holds group ${group.value.id}; group_get does`, args.column(0));
  machine.groupHolds.set(group.value, held - 1);
  machine.core.putGroup(group.value);
  const { id } = group.value;
  return said(
    machine.core.groups.get(id) === group.value
      ? `group ${id} stays`
      : `group ${id} is gone, its number free`,
  );
});

/** `iommu_group_set_name 3 "accelerators"` */
export const groupSetName = kernelVerb((context) => {
  const group = groupAt(context, 0);
  if (!group.ok) return group;
  const set = setGroupName(context.machine.core, group.value, context.args.text(1) ?? '');
  return set.ok ? said('') : set;
});

/** `iommu_group_add_device 3 01:00.0`, or `"name"` for a device of another bus, which sysfs alone shows */
export const groupAddDevice = kernelVerb(function* (context): Task<Outcome> {
  const group = groupAt(context, 0);
  if (!group.ok) return group;
  const foreign = context.args.text(1);
  const device = foreign === null ? pciDeviceAt(context, 1) : found(platformDevice(context.machine, foreign));
  if (!device.ok) return device;
  const { group: present, name } = device.value;
  if (present !== null) return mistake(`${name} is in group ${present.id} already`, context.args.column(1));
  const added = yield* addGroupDevice(context.machine.core, group.value, device.value);
  return added.ok ? said(`in group ${group.value.id}, without an IOMMU`) : added;
});

/** Buses have names of their own: two of them may have a device of the same. */
function platformDevice({ core }: Machine, name: string): Device {
  let id = `platform:${name}`;
  while (core.devices.has(id)) id += '+';
  return core.addDevice({ name: id, rid: 0, aliasRids: [] }, { platform: true, kobjectName: name });
}

/** `iommu_group_remove_device 01:00.0` */
export const groupRemoveDevice = kernelVerb(function* (context): Task<Outcome> {
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  const { group, ops, name } = device.value;
  if (group === null) return mistake(`${name} is in no group`, context.args.column(0));
  if (ops !== null)
    return mistake(
      `the IOMMU of ${name} put it in its group; only what was put there by hand comes out`,
      context.args.column(0),
    );
  yield* removeGroupDevice(context.machine.core, device.value);
  return said(`out of group ${group.id}`);
});

const CAPS: readonly IommuCap[] = [
  'CACHE_COHERENCY',
  'NOEXEC',
  'PRE_BOOT_PROTECTION',
  'ENFORCE_CACHE_COHERENCY',
  'DEFERRED_FLUSH',
  'DIRTY_TRACKING',
  'PCI_ATS_SUPPORTED',
];

/** `device_iommu_capable 01:00.0 CACHE_COHERENCY yes`: asks; with an answer behind it, says what it must be. */
export const deviceIommuCapable = kernelVerb((context) => {
  const { args } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const capability = CAPS.find((each) => each === args.word(1));
  if (capability === undefined) return mistake(`${args.word(1) ?? ''} is no capability`, args.column(1));
  const { ops, client, name, worldId } = device.value;
  const answer = ops?.capable(client, capability) === true ? 'yes' : 'no';
  const wanted = args.word(2);
  if (wanted !== null && wanted !== answer) return mismatch(`${name}: ${answer}, not ${wanted}`, worldId);
  return said(
    ops === null ? `${answer}: it is behind no IOMMU` : `${answer}: ${ops.unit.replace(/^iommu:/, '')}`,
  );
});

/** `pci_dev_reset_iommu_prepare 01:00.0` */
export const devResetIommuPrepare = kernelVerb(function* (context): Task<Outcome> {
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  const prepared = yield* resetPrepare(context.machine.core, device.value);
  if (!prepared.ok) return prepared;
  if (device.value.traits.ats !== true) return said('nothing to do: it caches no translations');
  return said('blocked until the reset is done');
});

/** `pci_dev_reset_iommu_done 01:00.0` */
export const devResetIommuDone = kernelVerb(function* (context): Task<Outcome> {
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  yield* resetDone(context.machine.core, device.value);
  return said(`on ${device.value.attached?.label ?? 'nothing'}`);
});
