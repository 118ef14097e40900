import { NO_PASID } from '../../iommu/group';
import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import {
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  VFIO_DEVICE_ATTACH_PASID,
  vfio_device_attach_iommufd_pt,
  VFIO_DEVICE_BIND_IOMMUFD,
  vfio_device_bind_iommufd,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  VFIO_DEVICE_DETACH_PASID,
  vfio_device_detach_iommufd_pt,
  VFIO_DEVICE_FLAGS_PCI,
  VFIO_DEVICE_GET_INFO,
  vfio_device_info,
} from '../../uapi/vfio';
import { attachOnly, replaceOnly } from '../../vfio/cdev';
import { VfioFile } from '../../vfio/device-file';
import type { IommufdCtx } from '../../iommufd/ctx';
import type { Outcome } from '../statement';
import { callerOf, callFile, u32Option } from './calls';
import { closeOpened, fileAt, type Opened } from './files';
import { nameObject } from './iommufd';
import { count } from './machine';
import {
  contextAt,
  found,
  kernelVerb,
  mistake,
  deviceAt,
  said,
  siblingAt,
  type Found,
  type VerbContext,
} from './verb';

/** `dev = BIND ctx 01:00.0`: opens the device's own node and binds it (VFIO_DEVICE_BIND_IOMMUFD). */
export const bind = kernelVerb(function* (context): Task<Outcome> {
  const { machine } = context;
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const device = deviceAt(context, 1);
  if (!device.ok) return device;
  const opened = machine.vfio.open(device.value);
  if (!opened.ok) return opened;
  const file = opened.value;
  const by = callerOf(context, ctx.value);
  const fd = by.files.open({ kind: 'kernel', file });
  if (!fd.ok) return fd;
  const bound = yield* bindTo({ file, by }, ctx.value);
  if (!bound.ok) {
    by.files.close(fd.value);
    return bound;
  }
  nameObject(context, ctx.value, bound.value);
  return said(`device ${bound.value}; group ${device.value.group?.id ?? '?'} claimed`);
});

function* bindTo({ file, by }: Opened, ctx: IommufdCtx): Task<Result<number>> {
  const iommufd = by.fdOf(ctx) ?? -1;
  const layout = vfio_device_bind_iommufd;
  const bound = yield* callFile(file, by, VFIO_DEVICE_BIND_IOMMUFD, layout, { argsz: layout.bytes, iommufd });
  return bound.ok ? { ok: true, value: bound.value.fields.out_devid } : bound;
}

/** `VFIO_DEVICE_BIND_IOMMUFD file ctx`: of a descriptor that is open. */
export const bindIommufd = kernelVerb(function* (context): Task<Outcome> {
  const opened = deviceFileAt(context);
  if (!opened.ok) return opened;
  const ctx = contextAt(context, 1);
  if (!ctx.ok) return ctx;
  const { by } = opened.value;
  if (by.fdOf(ctx.value) === null)
    return mistake(
      `${by.mm.name} has no descriptor of ${context.args.word(1) ?? ''}`,
      context.args.column(1),
    );
  const bound = yield* bindTo(opened.value, ctx.value);
  if (!bound.ok) return bound;
  nameObject(context, ctx.value, bound.value);
  return said(`device ${bound.value}`);
});

/** `UNBIND dev` */
export const unbind = kernelVerb((context) => {
  const opened = deviceFileAt(context);
  return opened.ok ? closeOpened(context, opened.value) : opened;
});

/** `hwpt = ATTACH dev ioas` */
export const attach = kernelVerb((context) => change(context, 'attach'));

/** `REPLACE dev hwpt2` */
export const replace = kernelVerb((context) => change(context, 'replace'));

/** `VFIO_DEVICE_ATTACH_IOMMUFD_PT dev hwpt2`: attaches, or replaces what is attached. */
export const attachPt = kernelVerb((context) => change(context, 'either'));

/** `DETACH dev`, and VFIO_DEVICE_DETACH_IOMMUFD_PT by its own name. */
export const detach = kernelVerb(function* (context): Task<Outcome> {
  const opened = deviceFileAt(context);
  if (!opened.ok) return opened;
  const { file, by } = opened.value;
  const pasid = pasidOption(context);
  if (!pasid.ok) return pasid;
  const layout = vfio_device_detach_iommufd_pt;
  const detached = yield* callFile(file, by, VFIO_DEVICE_DETACH_IOMMUFD_PT, layout, {
    argsz: layout.bytes,
    flags: pasid.value === null ? 0 : VFIO_DEVICE_DETACH_PASID,
    pasid: pasid.value ?? NO_PASID,
  });
  if (!detached.ok) return detached;
  const { group } = file.vdev.device;
  if (pasid.value !== null) return said(`PASID ${pasid.value} detached`);
  return said(group && group.domain === group.blockingDomain ? `group ${group.id} is blocked` : 'detached');
});

type How = 'attach' | 'replace' | 'either';

/**
 * VFIO has one call for both: it attaches what is not attached and replaces what is. Where the script asks for the other
 * of the two, as a driver in the kernel may, iommufd's own function is called and no ioctl made.
 */
function* change(context: VerbContext, how: How): Task<Outcome> {
  const opened = deviceFileAt(context);
  if (!opened.ok) return opened;
  const { file, by } = opened.value;
  const { ctx, vdev } = file;
  if (ctx === null) return notBound(context, file);
  const target = siblingAt(context, 1, ctx);
  if (!target.ok) return target;
  const pasid = pasidOption(context);
  if (!pasid.ok) return pasid;
  const attached = pasid.value === null ? vdev.attached : vdev.pasids.has(pasid.value);
  const ioctl = how === 'either' || (how === 'replace') === attached;
  const changed = ioctl
    ? yield* attachIoctl({ file, by }, target.value, pasid.value)
    : yield* alone(context, file, how, target.value, pasid.value);
  if (!changed.ok) return changed;
  return said(moved(context, file, changed.value, attached, pasid.value));
}

function notBound({ args }: VerbContext, file: VfioFile): Outcome {
  if (file.group === null) return mistake(`${args.word(0) ?? ''} is not bound`, args.column(0));
  return err('ENOTTY', `${file.title} came through its group, which attaches by VFIO_SET_IOMMU`, {
    rule: 'vfio_pci_core_ioctl',
  });
}

function* attachIoctl({ file, by }: Opened, ptId: number, pasid: number | null): Task<Result<number>> {
  const layout = vfio_device_attach_iommufd_pt;
  const attached = yield* callFile(file, by, VFIO_DEVICE_ATTACH_IOMMUFD_PT, layout, {
    argsz: layout.bytes,
    flags: pasid === null ? 0 : VFIO_DEVICE_ATTACH_PASID,
    pt_id: ptId,
    pasid: pasid ?? NO_PASID,
  });
  return attached.ok ? { ok: true, value: attached.value.fields.pt_id } : attached;
}

function* alone(
  { notes }: VerbContext,
  file: VfioFile,
  how: How,
  ptId: number,
  pasid: number | null,
): Task<Result<number>> {
  notes.push(
    how === 'attach'
      ? 'iommufd_device_attach() alone; through its ioctl vfio would replace'
      : 'iommufd_device_replace() alone; through its ioctl vfio would attach',
  );
  const changed = yield* how === 'attach' ? attachOnly(file, ptId, pasid) : replaceOnly(file, ptId, pasid);
  return changed.ok ? { ok: true, value: changed.value.id } : changed;
}

function moved(
  context: VerbContext,
  { ctx, vdev }: VfioFile,
  hwptId: number,
  before: boolean,
  pasid: number | null,
): string {
  const hwpt = ctx?.objects.peek(hwptId);
  if (ctx) nameObject(context, ctx, hwptId);
  const { group } = vdev.device;
  const members = group?.devices.length ?? 1;
  const auto = hwpt?.kind === 'hwpt-paging' && hwpt.auto ? ', auto' : '';
  const all = members > 1 ? `; all ${count(members, 'device')} of group ${group?.id ?? '?'}` : '';
  const who = pasid === null ? '' : `PASID ${pasid} `;
  return `${who}${before ? 'replaced' : 'attached'} to HWPT ${hwptId}${auto}${all}`;
}

/** `VFIO_DEVICE_GET_INFO dev` */
export const getInfo = kernelVerb(function* (context): Task<Outcome> {
  const opened = deviceFileAt(context);
  if (!opened.ok) return opened;
  const { file, by } = opened.value;
  const layout = vfio_device_info;
  const info = yield* callFile(file, by, VFIO_DEVICE_GET_INFO, layout, { argsz: layout.bytes });
  if (!info.ok) return info;
  const { flags, num_regions: regions, num_irqs: irqs } = info.value.fields;
  const bus = (flags & VFIO_DEVICE_FLAGS_PCI) === 0 ? 'platform' : 'PCI';
  return said(`${bus}, ${count(regions, 'region')}, ${count(irqs, 'interrupt')}`);
});

function pasidOption(context: VerbContext): Found<number | null> {
  if (context.args.option('pasid') === null) return found(null);
  return u32Option(context.args, 'pasid');
}

/** The open vfio device of a bound device's name, or of a descriptor's. */
function deviceFileAt(context: VerbContext): Found<Opened & { readonly file: VfioFile }> {
  const opened = fileAt(context, 0);
  if (!opened.ok) return opened;
  const { file, by } = opened.value;
  if (file instanceof VfioFile) return found({ file, by });
  return mistake(`${context.args.word(0) ?? ''} is no vfio device`, context.args.column(0));
}
