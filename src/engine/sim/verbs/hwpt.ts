import { hex } from '../../../lib/u64';
import type { Task } from '../../kernel/task';
import { formatWord } from '../../uapi/format';
import {
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_HWPT_ALLOC_PASID,
  iommu_hwpt_alloc,
  IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
  IOMMU_HWPT_FAULT_ID_VALID,
  IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR,
  iommu_hw_info,
  IOMMU_HW_INFO_FLAG_INPUT_TYPE,
  iommu_hwpt_invalidate,
} from '../../uapi/iommufd';
import { hwInfoOf } from '../../uapi/payloads';
import { structWords } from '../../uapi/struct-tokens';
import type { Args, Outcome } from '../statement';
import { sizeWords } from '../words';
import { bytesOption, callAs, hexBytes, saidAs, typeOption, u32Option } from './calls';
import { nameObject } from './iommufd';
import { count } from './machine';
import { found, kernelVerb, mistake, objectAt, said, siblingAt, type Found, type VerbContext } from './verb';

/** Page tables that a program asks for, and what it asks of them. */

/** `hwpt = HWPT_ALLOC dev ioas nest-parent dirty`, `guest = HWPT_ALLOC dev parent type=1 data="…"` */
export const hwptAlloc = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const dev = objectAt(context, 0);
  if (!dev.ok) return dev;
  const { ctx, id } = dev.value;
  const pt = siblingAt(context, 1, ctx);
  if (!pt.ok) return pt;
  const fault = faultOption(context, dev.value.ctx);
  if (!fault.ok) return fault;
  const type = typeOption(args, 'type', iommu_hwpt_alloc, 'data_type');
  if (!type.ok) return type;
  const data = bytesOption(args, 'data');
  if (!data.ok) return data;
  const made = yield* callAs(context, ctx, 'IOMMU_HWPT_ALLOC', (place) => ({
    flags: allocFlags(args),
    dev_id: id,
    pt_id: pt.value,
    data_type: type.value,
    data_len: data.value.length,
    data_uptr: data.value.length === 0 ? 0n : place(data.value),
    fault_id: fault.value,
  }));
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_hwpt_id);
  return said(`HWPT ${made.value.out_hwpt_id}`);
});

const allocFlags = (args: Args): number =>
  (args.has('nest-parent') ? IOMMU_HWPT_ALLOC_NEST_PARENT : 0) |
  (args.has('dirty') ? IOMMU_HWPT_ALLOC_DIRTY_TRACKING : 0) |
  (args.has('pasid') ? IOMMU_HWPT_ALLOC_PASID : 0) |
  (args.option('fault') === null ? 0 : IOMMU_HWPT_FAULT_ID_VALID);

/** `fault=faults`: the queue's id. */
function faultOption({ args, machine }: VerbContext, ctx: { readonly number: number }): Found<number> {
  const word = args.option('fault');
  if (word === null) return found(0);
  const queue = machine.names.get(word);
  if (queue?.kind === 'object' && queue.context === ctx.number) return found(queue.id);
  return mistake(`${word} is no object of the same context`, args.columnOf('fault'));
}

/** `GET_HW_INFO dev` */
export const getHwInfo = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const dev = objectAt(context, 0);
  if (!dev.ok) return dev;
  const type = typeOption(args, 'type', iommu_hw_info, 'data_type');
  if (!type.ok) return type;
  const room = u32Option(args, 'len', 64);
  if (!room.ok) return room;
  if (room.value > 1 << 20) return mistake('a line has room for 1M', args.columnOf('len'));
  const at = { va: 0n };
  const asked = yield* callAs(context, dev.value.ctx, 'IOMMU_GET_HW_INFO', (place) => ({
    flags: args.option('type') === null ? 0 : IOMMU_HW_INFO_FLAG_INPUT_TYPE,
    dev_id: dev.value.id,
    data_len: room.value,
    data_uptr: (at.va = place(new Uint8Array(room.value))),
    data_type: type.value,
  }));
  if (!asked.ok) return asked;
  const { data_len: length, data_type, out_capabilities, out_max_pasid_log2, scratch } = asked.value;
  const bytes = scratch.read(at.va, Math.min(length, room.value));
  const words = [
    wordOf('data_type', data_type),
    wordOf('out_capabilities', out_capabilities),
    `PASIDs of ${out_max_pasid_log2} bits`,
    ...(length === 0 || !bytes.ok ? [] : [infoWords(data_type, length, bytes.value)]),
  ];
  return saidAs(context, words.join(', '), 1);
});

/** By the names of the driver's structure, as much of it as there was room for. */
function infoWords(type: number, length: number, bytes: Uint8Array): string {
  const struct = hwInfoOf(type);
  return struct ? structWords(struct, bytes) : `${count(length, 'byte')}: ${hexBytes(bytes)}`;
}

function wordOf(name: string, value: number | bigint): string {
  const field = iommu_hw_info.fields.find((each) => each.name === name);
  return field ? formatWord(field, value) : String(value);
}

/** `HWPT_SET_DIRTY_TRACKING hwpt on` */
export const setDirtyTracking = kernelVerb(function* (context): Task<Outcome> {
  const hwpt = objectAt(context, 0);
  if (!hwpt.ok) return hwpt;
  const on = context.args.word(1) === 'on';
  const set = yield* callAs(context, hwpt.value.ctx, 'IOMMU_HWPT_SET_DIRTY_TRACKING', () => ({
    flags: on ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
    hwpt_id: hwpt.value.id,
  }));
  return set.ok ? said(on ? 'written pages are noted from now on' : 'nothing is noted any more') : set;
});

/** What one line may ask for: a bit each. */
const MOST_PAGES = 1n << 20n;

/** `HWPT_GET_DIRTY_BITMAP hwpt iova=0x100000 len=2M` */
export const getDirtyBitmap = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const hwpt = objectAt(context, 0);
  if (!hwpt.ok) return hwpt;
  const iova = args.size('iova') ?? 0n;
  const length = args.size('len') ?? 0n;
  const page = args.size('page') ?? 4096n;
  const pages = page === 0n ? 0n : (length + page - 1n) / page;
  if (pages > MOST_PAGES) return mistake('a line asks for a million pages at most', args.columnOf('len'));
  // Whole pages: the kernel reaches the bitmap page by page.
  const bytes = (Number(pages / 8n / 4096n) + 1) * 4096;
  const at = { va: 0n };
  const asked = yield* callAs(context, hwpt.value.ctx, 'IOMMU_HWPT_GET_DIRTY_BITMAP', (place) => ({
    flags: args.has('no-clear') ? IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR : 0,
    hwpt_id: hwpt.value.id,
    iova,
    length,
    page_size: page,
    data: (at.va = place(new Uint8Array(bytes))),
  }));
  if (!asked.ok) return asked;
  const bitmap = asked.value.scratch.read(at.va, bytes);
  return bitmap.ok ? saidAs(context, dirtyWords(bitmap.value, iova, page), 1) : bitmap;
});

/** Neighbours are one stretch. */
function dirtyWords(bitmap: Uint8Array, iova: bigint, page: bigint): string {
  const stretches: { first: number; last: number }[] = [];
  let dirty = 0;
  for (let bit = 0; bit < bitmap.length * 8; bit++) {
    if ((((bitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 0) continue;
    dirty++;
    const before = stretches.at(-1);
    if (before?.last === bit - 1) before.last = bit;
    else stretches.push({ first: bit, last: bit });
  }
  if (dirty === 0) return 'nothing was written';
  const shown = stretches.slice(0, 8).map(({ first, last }) => {
    const start = iova + BigInt(first) * page;
    return first === last ? hex(start) : `${hex(start)}-${hex(iova + BigInt(last + 1) * page - 1n)}`;
  });
  const more = stretches.length > shown.length ? ' …' : '';
  return `${count(dirty, 'dirty page')} of ${sizeWords(page)}: ${shown.join(' ')}${more}`;
}

/** `HWPT_INVALIDATE guest type=0 entry=16 data="…"` */
export const invalidate = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const type = typeOption(args, 'type', iommu_hwpt_invalidate, 'data_type');
  if (!type.ok) return type;
  const data = bytesOption(args, 'data');
  if (!data.ok) return data;
  const entry = u32Option(args, 'entry', data.value.length);
  if (!entry.ok) return entry;
  const entries = entry.value === 0 ? 0 : Math.floor(data.value.length / entry.value);
  const number = u32Option(args, 'count', entries);
  if (!number.ok) return number;
  const done = yield* callAs(context, object.value.ctx, 'IOMMU_HWPT_INVALIDATE', (place) => ({
    hwpt_id: object.value.id,
    data_uptr: data.value.length === 0 ? 0n : place(data.value),
    data_type: type.value,
    entry_len: entry.value,
    entry_num: number.value,
  }));
  return done.ok ? said(`${done.value.entry_num} of ${number.value} done`) : done;
});
