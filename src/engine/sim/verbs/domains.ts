import {
  attachDevice,
  attachGroup,
  attachGroupHandle,
  detachDevice,
  detachGroup,
  detachGroupHandle,
  replaceGroupHandle,
} from '../../iommu/attach';
import { freeDomain, type IommuCore } from '../../iommu/core';
import type { Device } from '../../iommu/device';
import type { IommuGroup } from '../../iommu/group';
import { iommuMap, iommuUnmap, pagingDomainAlloc } from '../../iommu/map';
import type { IommuDomain, Prot } from '../../iommu/ops';
import { attachDevicePasid, detachDevicePasid, domainOfEntry } from '../../iommu/pasid';
import type { Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import type { FrameRun } from '../../memory/user-memory';
import type { Machine } from '../machine';
import type { Outcome } from '../statement';
import { sizeWords } from '../words';
import {
  found,
  groupAt,
  kernelVerb,
  mistake,
  named,
  deviceAt,
  said,
  type Found,
  type VerbContext,
} from './verb';

/** Domains as kernel drivers use them: verbs in the spelling of the IOMMU core's functions. */

const PAGE = 4096;

/** `dom = iommu_paging_domain_alloc 01:00.0` */
export const pagingDomainAllocVerb = kernelVerb((context) => {
  const { machine, args } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const made = pagingDomainAlloc(machine.core, device.value, args.has('pasid') ? { pasid: true } : {});
  if (!made.ok) return made;
  if (args.statement.name !== null)
    machine.names.set(args.statement.name, { kind: 'domain', domain: made.value });
  machine.driverDomains.add(made.value);
  return said(made.value.label);
});

/** `iommu_domain_free dom` */
export const domainFree = kernelVerb((context) => {
  const { machine, args } = context;
  const domain = domainAt(context);
  if (!domain.ok) return domain;
  const users = usersOf(machine, domain.value);
  if (users !== null)
    return mistake(
      `${args.word(0) ?? ''} is attached to ${users}: a kernel that frees it now uses it after it is freed`,
      args.column(0),
    );
  freeDomain(domain.value);
  machine.driverDomains.delete(domain.value);
  return said('freed');
});

/** Who is still on a domain, in words. */
function usersOf({ core }: Machine, domain: IommuDomain): string | null {
  for (const group of core.groups.values()) {
    const pasid = [...group.pasidArray].find(([, entry]) => domainOfEntry(entry) === domain)?.[0];
    if (group.domain === domain) return `group ${group.id}`;
    if (pasid !== undefined) return `PASID ${pasid} of group ${group.id}`;
  }
  return [...core.devices.values()].find(({ attached }) => attached === domain)?.name ?? null;
}

/** `iommu_attach_device dom 01:00.0` */
export const attachDeviceVerb = onDevice((core, domain, device) => attachDevice(core, domain, device));

/** `iommu_detach_device dom 01:00.0` */
export const detachDeviceVerb = onDevice(function* (core, domain, device): Task<Result<undefined>> {
  yield* detachDevice(core, domain, device);
  return DONE;
});

/** `iommu_attach_group dom 3` */
export const attachGroupVerb = onGroup((core, domain, group) => attachGroup(core, domain, group));

/** `iommu_detach_group dom 3` */
export const detachGroupVerb = onGroup(function* (core, _domain, group): Task<Result<undefined>> {
  yield* detachGroup(core, group);
  return DONE;
});

/** `iommu_attach_group_handle dom 3` */
export const attachGroupHandleVerb = onGroup((core, domain, group) =>
  attachGroupHandle(core, group, { domain }),
);

/** `iommu_replace_group_handle dom 3` */
export const replaceGroupHandleVerb = onGroup((core, domain, group) =>
  replaceGroupHandle(core, group, { domain }),
);

/** `iommu_detach_group_handle dom 3` */
export const detachGroupHandleVerb = onGroup(function* (core, _domain, group): Task<Result<undefined>> {
  yield* detachGroupHandle(core, group);
  return DONE;
});

/** `iommu_attach_device_pasid dom 01:00.0 5` */
export const attachDevicePasidVerb = onPasid((core, domain, device, pasid) =>
  attachDevicePasid(core, device, pasid, domain),
);

/** `iommu_detach_device_pasid dom 01:00.0 5` */
export const detachDevicePasidVerb = onPasid(function* (core, domain, device, pasid): Task<
  Result<undefined>
> {
  yield* detachDevicePasid(core, device, pasid, domain);
  return DONE;
});

const DONE: Result<undefined> = { ok: true, value: undefined };

type Change<Target> = (core: IommuCore, domain: IommuDomain, target: Target) => Task<Result<undefined>>;

function onDevice(change: Change<Device>) {
  return kernelVerb(function* (context): Task<Outcome> {
    const domain = domainAt(context);
    if (!domain.ok) return domain;
    const device = deviceAt(context, 1);
    if (!device.ok) return device;
    const changed = yield* change(context.machine.core, domain.value, device.value);
    return changed.ok ? standsOn(device.value.group) : changed;
  });
}

function onGroup(change: Change<IommuGroup>) {
  return kernelVerb(function* (context): Task<Outcome> {
    const domain = domainAt(context);
    if (!domain.ok) return domain;
    const group = groupAt(context, 1);
    if (!group.ok) return group;
    const changed = yield* change(context.machine.core, domain.value, group.value);
    return changed.ok ? standsOn(group.value) : changed;
  });
}

function onPasid(
  change: (core: IommuCore, domain: IommuDomain, device: Device, pasid: number) => Task<Result<undefined>>,
) {
  return kernelVerb(function* (context): Task<Outcome> {
    const { args } = context;
    const pasid = args.number(2);
    if (pasid === null || pasid >= 1n << 20n) return mistake('a PASID has 20 bits', args.column(2));
    const domain = domainAt(context);
    if (!domain.ok) return domain;
    const device = deviceAt(context, 1);
    if (!device.ok) return device;
    const changed = yield* change(context.machine.core, domain.value, device.value, Number(pasid));
    return changed.ok ? said('') : changed;
  });
}

const standsOn = (group: IommuGroup | null): Outcome =>
  said(group === null ? '' : `group ${group.id} is on ${group.domain?.label ?? 'nothing'}`);

/** `iommu_map dom 0x100000 buf 64K rw`, `iommu_map dom 0x100000 0x80000000 64K r` */
export const map = kernelVerb((context) => {
  const { machine, args } = context;
  const domain = domainAt(context);
  if (!domain.ok) return domain;
  const iova = args.number(1) ?? 0n;
  const bytes = args.number(3) ?? 0n;
  const access = args.word(4) ?? '';
  const prot: Prot = { read: access.includes('r'), write: access.includes('w') };
  if (bytes > MOST) return mistake(`one line maps ${sizeWords(MOST)} at most`, args.column(3));
  const runs = runsOf(context, bytes, prot);
  if (!runs.ok) return runs;
  // Piece by piece, as iommu_map_sg() does.
  let mapped = 0;
  for (const { pa, length } of runs.value) {
    const one = iommuMap(machine.core, domain.value, iova + BigInt(mapped), pa, length, prot);
    if (!one.ok) {
      if (mapped > 0) iommuUnmap(machine.core, domain.value, iova, mapped);
      return one;
    }
    mapped += length;
  }
  return said(`${sizeWords(bytes)} mapped`);
});

const MOST = 1n << 34n;

interface Piece {
  readonly pa: number;
  readonly length: number;
}

/** The physical memory that the line means, piece by piece. */
function runsOf(context: VerbContext, bytes: bigint, prot: Prot): Found<readonly Piece[]> {
  const { args, machine } = context;
  const pa = args.number(2);
  if (pa !== null) return found([{ pa: Number(pa), length: Number(bytes) }]);
  const buffer = named(context, 2, 'buffer');
  if (!buffer.ok) return buffer;
  const { process, mapping } = buffer.value;
  if (bytes > BigInt(mapping.bytes)) return mistake('that is more than the buffer has', args.column(3));
  const memory = machine.process(process);
  const pinned = memory.pin(mapping.userVa, Math.ceil(Number(bytes) / PAGE), prot.write);
  if (!pinned.ok) return pinned;
  memory.unpin(pinned.value);
  return found(piecesOf(pinned.value, Number(bytes)));
}

function piecesOf(runs: readonly FrameRun[], bytes: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let left = bytes;
  for (const { pfn, count } of runs) {
    pieces.push({ pa: pfn * PAGE, length: Math.min(left, count * PAGE) });
    left -= count * PAGE;
  }
  return pieces;
}

/** `iommu_unmap dom 0x100000 64K` */
export const unmap = kernelVerb((context) => {
  const { machine, args } = context;
  const domain = domainAt(context);
  if (!domain.ok) return domain;
  const bytes = iommuUnmap(machine.core, domain.value, args.number(1) ?? 0n, Number(args.number(2) ?? 0n));
  return said(`${sizeWords(bytes)} unmapped`);
});

function domainAt(context: VerbContext): Found<IommuDomain> {
  const name = named(context, 0, 'domain');
  if (!name.ok) return name;
  const { domain } = name.value;
  if (context.machine.driverDomains.has(domain)) return found(domain);
  return mistake(`${context.args.word(0) ?? ''} was freed`, context.args.column(0));
}
