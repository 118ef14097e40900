import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { IOMMUFD_CMD_BASE, IOMMUFD_CMD_END, ioctlNumber } from '../uapi/iommufd';
import { decode, encode, endOf, type Fields, type FieldsOf, type Struct } from '../uapi/struct';
import type { Caller } from './caller';
import type { IommufdCtx } from './ctx';

/** One call in progress. Linux: struct iommufd_ucmd */
export interface Ucmd<T> {
  readonly ctx: IommufdCtx;
  readonly caller: Caller;
  /** The structure's values; what the handler changes is what `respond` writes. */
  readonly cmd: T;
  /** Copies the structure back, as much of it as the caller gave room for. Linux: iommufd_ucmd_respond() */
  respond(): Result<undefined>;
  /** Copies one field back. */
  respondField(name: keyof T & string): Result<undefined>;
}

/** A command of /dev/iommu, as one row of the table. Linux: IOCTL_OP() */
export interface Ioctl<S extends Struct = Struct> {
  readonly name: string;
  readonly nr: number;
  readonly layout: S;
  /** The structure may be given up to the end of this field: what older programs know. */
  readonly last: string;
  execute(ucmd: Ucmd<FieldsOf<S>>): Task<Result<undefined>>;
}

/** A handler is written as a plain object; this only ties the names of its fields to the layout. */
export const defineIoctl = <S extends Struct>(
  ioctl: Ioctl<S> & { readonly last: S['fields'][number]['name'] },
): Ioctl<S> => ioctl;

/** A row whatever its structure. */
export interface AnyIoctl {
  readonly name: string;
  readonly nr: number;
  readonly layout: Struct;
  readonly last: string;
  execute(ucmd: Ucmd<Fields>): Task<Result<undefined>>;
}

const PAGE_BYTES = 4096n;

/**
 * Bytes in, bytes out.
 *
 * Linux: drivers/iommu/iommufd/main.c iommufd_fops_ioctl()
 */
export function* dispatch(
  table: ReadonlyMap<number, AnyIoctl>,
  ctx: IommufdCtx,
  request: { readonly cmd: number; readonly caller: Caller; readonly argVa: bigint },
): Task<Result<undefined>> {
  const { cmd, caller, argVa } = request;
  const rule = 'iommufd_fops_ioctl';
  const nr = cmd & 0xff;
  if (nr < IOMMUFD_CMD_BASE || nr >= IOMMUFD_CMD_END) {
    // Linux: iommufd_vfio_ioctl()
    return err('ENOTTY', `${hex(cmd)} is no command of /dev/iommu`, { rule });
  }
  const size = caller.bytes.read(argVa, 4);
  if (!size.ok) return err('EFAULT', `the structure at ${hex(argVa)} cannot be read`, { rule });
  const userBytes = new DataView(size.value.buffer, size.value.byteOffset).getUint32(0, true);
  const ioctl = table.get(nr);
  if (!ioctl || ioctlNumber(nr) !== cmd) {
    return err('ENOTTY', `${hex(cmd)} is no command of /dev/iommu that this kernel model has`, { rule });
  }
  const least = endOf(ioctl.layout, ioctl.last);
  if (userBytes < least) {
    return err('EINVAL', `size says ${userBytes} bytes, ${ioctl.name} needs at least ${least}`, { rule });
  }
  const bytes = copyStruct(ioctl.layout, caller, argVa, userBytes);
  if (!bytes.ok) return bytes;
  const fields: Fields = decode(ioctl.layout, bytes.value);
  const write = (from: number, to: number): Result<undefined> => {
    // What no field covers goes back as it came.
    const image = overlay(bytes.value, ioctl.layout, fields);
    const written = to > from ? caller.bytes.write(argVa + BigInt(from), image.subarray(from, to)) : done;
    return written.ok ? done : err('EFAULT', `the structure at ${hex(argVa)} cannot be written`, { rule });
  };
  return yield* ioctl.execute({
    ctx,
    caller,
    cmd: fields,
    respond: () => write(0, Math.min(userBytes, ioctl.layout.bytes)),
    respondField: (name) => {
      const found = ioctl.layout.fields.find((each) => each.name === name);
      return found ? write(found.offset, endOf(ioctl.layout, name)) : done;
    },
  });
}

/** Longer than known: the rest must be zero. Shorter: the rest counts as zero. Linux: copy_struct_from_user() */
function copyStruct(
  layout: Struct,
  { bytes: memory }: Caller,
  argVa: bigint,
  userBytes: number,
): Result<Uint8Array> {
  const rule = 'copy_struct_from_user';
  const fault = (va: bigint): Result<Uint8Array> =>
    err('EFAULT', `the structure at ${hex(argVa)} cannot be read at ${hex(va)}`, { rule });
  const end = argVa + BigInt(userBytes);
  for (let va = argVa + BigInt(layout.bytes); va < end;) {
    const pageEnd = (va & ~(PAGE_BYTES - 1n)) + PAGE_BYTES;
    const stop = pageEnd < end ? pageEnd : end;
    const tail = memory.read(va, Number(stop - va));
    if (!tail.ok) return fault(va);
    if (tail.value.some((byte) => byte !== 0)) {
      return err(
        'E2BIG',
        `${userBytes} bytes, and those after the ${layout.bytes} known ones are not zero: a newer program asks for something this kernel lacks`,
        {
          rule,
        },
      );
    }
    va = stop;
  }
  const known = memory.read(argVa, Math.min(userBytes, layout.bytes));
  return known.ok ? ok(known.value) : fault(argVa);
}

function overlay(original: Uint8Array, layout: Struct, fields: Fields): Uint8Array {
  const image = new Uint8Array(layout.bytes);
  image.set(original.subarray(0, layout.bytes));
  const coded = encode(layout, fields);
  for (const { name, offset } of layout.fields)
    image.set(coded.subarray(offset, endOf(layout, name)), offset);
  return image;
}
