import type { HwptPaging } from '../../iommufd/hwpt';
import type { Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { attachOnly, closeFile, detachPt, openAndBind, replaceOnly } from '../../vfio/cdev';
import type { VfioFile } from '../../vfio/vfio';
import type { Outcome } from '../statement';
import { nameObject } from './iommufd';
import { count } from './machine';
import {
  contextAt,
  found,
  kernelVerb,
  mistake,
  objectAt,
  pciDeviceAt,
  said,
  siblingAt,
  type Found,
  type VerbContext,
} from './verb';

/** `dev = BIND ctx 01:00.0` */
export const bind = kernelVerb((context) => {
  const { machine } = context;
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const device = pciDeviceAt(context, 1);
  if (!device.ok) return device;
  const file = machine.run(openAndBind(machine.vfio, ctx.value, device.value));
  if (!file.ok) return file;
  const { idev } = file.value.vdev;
  if (idev === null) return mistake('bound, but without an iommufd device');
  nameObject(context, ctx.value, idev.id);
  return said(`device ${idev.id}; group ${device.value.group?.id ?? '?'} claimed`);
});

/** `UNBIND dev` */
export const unbind = kernelVerb((context) => {
  const file = fileAt(context);
  if (!file.ok) return file;
  context.machine.run(closeFile(file.value));
  return said('closed');
});

/** `hwpt = ATTACH dev ioas` */
export const attach = kernelVerb((context) => change(context, attachOnly, 'attached'));

/** `REPLACE dev hwpt2` */
export const replace = kernelVerb((context) => change(context, replaceOnly, 'replaced'));

/** `DETACH dev` */
export const detach = kernelVerb((context) => {
  const file = fileAt(context);
  if (!file.ok) return file;
  const { group } = file.value.vdev.device;
  const detached = context.machine.run(detachPt(file.value));
  if (!detached.ok) return detached;
  return said(group && group.domain === group.blockingDomain ? `group ${group.id} is blocked` : 'detached');
});

type Change = (file: VfioFile, ptId: number) => Task<Result<HwptPaging>>;

function change(context: VerbContext, attachOrReplace: Change, done: string): Outcome {
  const file = fileAt(context);
  if (!file.ok) return file;
  const { ctx, vdev } = file.value;
  if (ctx === null) return mistake(`${context.args.word(0) ?? ''} is not bound`, context.args.column(0));
  const target = siblingAt(context, 1, ctx);
  if (!target.ok) return target;
  const hwpt = context.machine.run(attachOrReplace(file.value, target.value));
  if (!hwpt.ok) return hwpt;
  const { id, auto } = hwpt.value;
  nameObject(context, ctx, id);
  const members = vdev.device.group?.devices.length ?? 1;
  const moved =
    members > 1 ? `; all ${count(members, 'device')} of group ${vdev.device.group?.id ?? '?'}` : '';
  return said(`${done} to HWPT ${id}${auto ? ', auto' : ''}${moved}`);
}

/** The open vfio device of a bound device's name. */
function fileAt(context: VerbContext): Found<VfioFile> {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const { args, machine } = context;
  const idev = ctx.objects.peek(id);
  if (idev?.kind !== 'device') return mistake(`${args.word(0) ?? ''} is no bound device`, args.column(0));
  const file = machine.vfio.of(idev.device)?.bound ?? null;
  return file === null ? mistake(`${args.word(0) ?? ''} is closed`, args.column(0)) : found(file);
}
