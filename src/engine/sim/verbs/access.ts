import { hex } from '../../../lib/u64';
import { attachAccess, destroyAccess, replaceAccess } from '../../iommufd/access';
import { rwAccess } from '../../iommufd/access-rw';
import type { Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { Mediated } from '../mediated';
import type { Outcome } from '../statement';
import { sizeWords } from '../words';
import { hexBytes } from './calls';
import { nameObject } from './iommufd';
import {
  found,
  kernelVerb,
  mistake,
  objectAt,
  objectOf,
  said,
  siblingAt,
  type Found,
  type VerbContext,
} from './verb';

/** Drivers that reach memory without an IOMMU, and what they do with it; functions of the kernel, not calls of a user. */

/** `mdev = ACCESS ioas pin`: iommufd_access_create(), iommufd_access_attach() */
export const access = kernelVerb(function* (context): Task<Outcome> {
  const { args, machine } = context;
  const ioas = objectAt(context, 0);
  if (!ioas.ok) return ioas;
  const { ctx, id } = ioas.value;
  const made = Mediated.create(ctx, args.has('pin'));
  if (!made.ok) return made;
  const driver = made.value;
  const attached = yield* attachAccess(driver.access, id);
  if (!attached.ok) {
    yield* destroyAccess(driver.access);
    return attached;
  }
  machine.mediated.set(driver.access, driver);
  nameObject(context, ctx, driver.access.id);
  return said(`access ${driver.access.id}${args.has('pin') ? ', which pins' : ''}`);
});

/** `access_pin mdev 0x100000 8K rw` */
export const accessPin = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const driver = driverAt(context);
  if (!driver.ok) return driver;
  const { iova, length } = stretch(context);
  if (!driver.value.access.ops?.needsPinPages)
    return mistake(`${args.word(0) ?? ''} was made without pin, and may only read and write`, args.column(0));
  const pinned = yield* driver.value.pin(iova, length, args.word(3) !== 'r');
  if (!pinned.ok) return pinned;
  const [first = 0] = pinned.value;
  return said(`${sizeWords(pinned.value.length * 4096)} pinned, the first page at PA ${hex(first * 4096)}`);
});

/** `access_unpin mdev 0x100000 8K`: by the same words as the pin. */
export const accessUnpin = kernelVerb(function* (context): Task<Outcome> {
  const driver = driverAt(context);
  if (!driver.ok) return driver;
  const { iova, length } = stretch(context);
  if (yield* driver.value.unpin(iova, length)) return said(`${sizeWords(length)} unpinned`);
  return mistake(`nothing was pinned as ${hex(iova)} ${length}`, context.args.column(1));
});

const MOST_BYTES = 1n << 20n;

/** `access_rw mdev write 0x100000 64`: what is written can be recognised as what a dma writes can. */
export const accessRw = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const driver = driverAt(context);
  if (!driver.ok) return driver;
  const iova = args.number(2) ?? 0n;
  const length = args.number(3) ?? 64n;
  if (length > MOST_BYTES) return mistake('a line moves 1M at most', args.column(3));
  const write = args.word(1) === 'write';
  const data = new Uint8Array(Number(length));
  if (write) data.forEach((_, at) => (data[at] = Number((iova + BigInt(at)) & 0xffn)));
  const { access } = driver.value;
  // A thread of the kernel runs in nobody's memory.
  const kthread = args.has('kthread');
  const moved = yield* rwAccess(access, kthread ? null : access.ctx.memory, iova, data, { write, kthread });
  if (!moved.ok) return moved;
  return said(
    write ? `${sizeWords(length)} written` : `${hexBytes(data.subarray(0, 16))}${length > 16n ? ' …' : ''}`,
  );
});

/** `access_replace mdev ioas2` */
export const accessReplace = kernelVerb(function* (context): Task<Outcome> {
  const driver = driverAt(context);
  if (!driver.ok) return driver;
  const { access } = driver.value;
  const ioas = siblingAt(context, 1, access.ctx);
  if (!ioas.ok) return ioas;
  const replaced: Result<undefined> = yield* replaceAccess(access, ioas.value);
  return replaced.ok ? said(`to IOAS ${ioas.value}`) : replaced;
});

/** `access_destroy mdev`: the driver is done. */
export const accessDestroy = kernelVerb(function* (context): Task<Outcome> {
  const driver = driverAt(context);
  if (!driver.ok) return driver;
  context.machine.mediated.delete(driver.value.access);
  yield* driver.value.letGo(0n, 2n ** 64n - 1n);
  yield* destroyAccess(driver.value.access);
  return said('gone');
});

function driverAt(context: VerbContext): Found<Mediated> {
  const object = objectOf(context, 0);
  if (!object.ok) return object;
  const driver = object.value.kind === 'access' ? context.machine.mediated.get(object.value) : undefined;
  if (driver) return found(driver);
  return mistake(`${context.args.word(0) ?? ''} is no access of a driver`, context.args.column(0));
}

const stretch = ({ args }: VerbContext): { readonly iova: bigint; readonly length: bigint } => ({
  iova: args.number(1) ?? 0n,
  length: args.number(2) ?? 0n,
});
