import { hex } from '../../../lib/u64';
import { IommufdCtx } from '../../iommufd/ctx';
import type { Task } from '../../kernel/task';
import { decode, encode, type FieldsOf } from '../../uapi/struct';
import {
  VFIO_CHECK_EXTENSION,
  vfio_container_fd,
  VFIO_DMA_CC_IOMMU,
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_DMA_UNMAP_FLAG_ALL,
  VFIO_GROUP_FLAGS_CONTAINER_SET,
  VFIO_GROUP_FLAGS_VIABLE,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  vfio_group_status,
  VFIO_GROUP_UNSET_CONTAINER,
  VFIO_IOMMU_GET_INFO,
  VFIO_IOMMU_MAP_DMA,
  VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
  VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
  vfio_iommu_type1_dma_map,
  vfio_iommu_type1_dma_unmap,
  vfio_iommu_type1_info,
  vfio_iommu_type1_info_cap_iova_range,
  vfio_iommu_type1_info_dma_avail,
  VFIO_IOMMU_UNMAP_DMA,
  vfio_info_cap_header,
  vfio_iova_range,
  VFIO_NOIOMMU_IOMMU,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
  VFIO_UNMAP_ALL,
} from '../../uapi/vfio';
import { VfioContainer } from '../../vfio/container';
import { VfioGroupFile } from '../../vfio/group-file';
import type { Outcome } from '../statement';
import { sizeWords } from '../words';
import { callFile, ioctlOf, saidAs } from './calls';
import { fileAt, nameFile, type Opened } from './files';
import { found, kernelVerb, mistake, named, deviceAt, said, type Found, type VerbContext } from './verb';

/** VFIO as it was before iommufd: groups in containers. */

/** `VFIO_GROUP_GET_STATUS group` */
export const groupGetStatus = kernelVerb(function* (context): Task<Outcome> {
  const group = groupAt(context);
  if (!group.ok) return group;
  const { file, by } = group.value;
  const argsz = vfio_group_status.bytes;
  const asked = yield* callFile(file, by, VFIO_GROUP_GET_STATUS, vfio_group_status, { argsz });
  if (!asked.ok) return asked;
  const { flags } = asked.value.fields;
  const viable = (flags & VFIO_GROUP_FLAGS_VIABLE) !== 0 ? 'VIABLE' : 'not viable';
  const set = (flags & VFIO_GROUP_FLAGS_CONTAINER_SET) !== 0 ? ', CONTAINER_SET' : '';
  return saidAs(context, `${viable}${set}`, 1);
});

/** `VFIO_GROUP_SET_CONTAINER group container`, where the container may be an iommufd */
export const groupSetContainer = kernelVerb(function* (context): Task<Outcome> {
  const group = groupAt(context);
  if (!group.ok) return group;
  const container = fileAt(context, 1);
  if (!container.ok) return container;
  const { file, by } = group.value;
  const fd = by.fdOf(container.value.file);
  if (fd === null) return mistake(`${by.mm.name} has no descriptor of that`, context.args.column(1));
  const set = yield* callFile(file, by, VFIO_GROUP_SET_CONTAINER, vfio_container_fd, { fd });
  return set.ok ? said(`in ${container.value.file.title}`) : set;
});

/** `VFIO_GROUP_UNSET_CONTAINER group` */
export const groupUnsetContainer = kernelVerb(function* (context): Task<Outcome> {
  const group = groupAt(context);
  if (!group.ok) return group;
  const { caller } = group.value.by.withScratch();
  const left = yield* ioctlOf(group.value.file, caller, VFIO_GROUP_UNSET_CONTAINER, 0n);
  return left.ok ? said('in no container') : left;
});

/** `dev = VFIO_GROUP_GET_DEVICE_FD group 01:00.0` */
export const groupGetDeviceFd = kernelVerb(function* (context): Task<Outcome> {
  const group = groupAt(context);
  if (!group.ok) return group;
  const device = deviceAt(context, 1);
  if (!device.ok) return device;
  const { file, by } = group.value;
  const { caller, scratch } = by.withScratch();
  const name = scratch.place(Uint8Array.from([...device.value.name, '\0'], (each) => each.charCodeAt(0)));
  const got = yield* ioctlOf(file, caller, VFIO_GROUP_GET_DEVICE_FD, name);
  if (!got.ok) return got;
  const opened = by.files.get(got.value);
  if (opened?.kind === 'kernel') nameFile(context, by, opened.file);
  return said(`descriptor ${got.value}`);
});

const IOMMU_TYPES: Readonly<Record<string, bigint>> = {
  TYPE1: VFIO_TYPE1_IOMMU,
  TYPE1v2: VFIO_TYPE1v2_IOMMU,
  NOIOMMU: VFIO_NOIOMMU_IOMMU,
};

const EXTENSIONS: Readonly<Record<string, bigint>> = {
  ...IOMMU_TYPES,
  DMA_CC: VFIO_DMA_CC_IOMMU,
  UNMAP_ALL: VFIO_UNMAP_ALL,
};

/** `VFIO_CHECK_EXTENSION container DMA_CC` */
export const checkExtension = kernelVerb((context) => withWord(context, VFIO_CHECK_EXTENSION, EXTENSIONS));

/** `VFIO_SET_IOMMU container TYPE1v2` */
export const setIommu = kernelVerb((context) => withWord(context, VFIO_SET_IOMMU, IOMMU_TYPES));

function* withWord(
  context: VerbContext,
  cmd: number,
  words: Readonly<Record<string, bigint>>,
): Task<Outcome> {
  const { args } = context;
  const container = containerAt(context);
  if (!container.ok) return container;
  const word = args.word(1) ?? '';
  const value = words[word];
  if (value === undefined) return mistake(`one of ${Object.keys(words).join(', ')}`, args.column(1));
  const { file, by } = container.value;
  const answered = yield* ioctlOf(file, by.withScratch().caller, cmd, value);
  if (!answered.ok) return answered;
  return cmd === VFIO_SET_IOMMU ? said(word) : saidAs(context, String(answered.value), 2);
}

/** `VFIO_IOMMU_MAP_DMA container buf iova=0x100000 rw` */
export const iommuMapDma = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const container = containerAt(context);
  if (!container.ok) return container;
  const buffer = named(context, 1, 'buffer');
  if (!buffer.ok) return buffer;
  const { file, by } = container.value;
  const { mapping, process } = buffer.value;
  if (process !== by.mm.name)
    return mistake(
      `${args.word(1) ?? ''} is memory of ${process}, and ${by.mm.name} makes the call`,
      args.column(1),
    );
  const offset = args.size('offset') ?? 0n;
  const size = args.size('len') ?? BigInt(mapping.bytes) - offset;
  const iova = args.size('iova') ?? 0n;
  const access = args.word(2) ?? '';
  const layout = vfio_iommu_type1_dma_map;
  const mapped = yield* callFile(file, by, VFIO_IOMMU_MAP_DMA, layout, {
    argsz: layout.bytes,
    flags:
      (access.includes('r') ? VFIO_DMA_MAP_FLAG_READ : 0) |
      (access.includes('w') ? VFIO_DMA_MAP_FLAG_WRITE : 0),
    vaddr: mapping.userVa + offset,
    iova,
    size,
  });
  return mapped.ok ? said(`${sizeWords(size)} at ${hex(iova)}`) : mapped;
});

/** `VFIO_IOMMU_UNMAP_DMA container iova=0x100000 len=2M`, or `… all` */
export const iommuUnmapDma = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const container = containerAt(context);
  if (!container.ok) return container;
  const { file, by } = container.value;
  const layout = vfio_iommu_type1_dma_unmap;
  const unmapped = yield* callFile(file, by, VFIO_IOMMU_UNMAP_DMA, layout, {
    argsz: layout.bytes,
    flags: args.has('all') ? VFIO_DMA_UNMAP_FLAG_ALL : 0,
    iova: args.size('iova') ?? 0n,
    size: args.size('len') ?? 0n,
  });
  return unmapped.ok ? said(`${sizeWords(unmapped.value.fields.size)} unmapped`) : unmapped;
});

/** Room for every capability. */
const INFO_BYTES = 4096;

/** `VFIO_IOMMU_GET_INFO container` */
export const iommuGetInfo = kernelVerb(function* (context): Task<Outcome> {
  const container = containerAt(context);
  if (!container.ok) return container;
  const { file, by } = container.value;
  const { caller, scratch } = by.withScratch();
  const layout = vfio_iommu_type1_info;
  const image = new Uint8Array(INFO_BYTES);
  image.set(encode(layout, { argsz: INFO_BYTES }));
  const at = scratch.place(image);
  const asked = yield* ioctlOf(file, caller, VFIO_IOMMU_GET_INFO, at);
  if (!asked.ok) return asked;
  const bytes = scratch.read(at, INFO_BYTES);
  if (!bytes.ok) return bytes;
  const info = decode(layout, bytes.value);
  const words = [`pages of ${pageSizes(info.iova_pgsizes)}`, ...capWords(bytes.value, info)];
  return saidAs(context, words.join(', '), 1);
});

function pageSizes(bitmap: bigint): string {
  const sizes = Array.from({ length: 64 }, (_, lg2) => 1n << BigInt(lg2)).filter(
    (size) => (bitmap & size) !== 0n,
  );
  const words = sizes.map((size) => sizeWords(size));
  return words.length <= 4 ? words.join(' ') : `${words[0] ?? ''} to ${words.at(-1) ?? ''}`;
}

/** Capabilities are chained by where the next one lies. */
function capWords(
  bytes: Uint8Array,
  { cap_offset }: FieldsOf<typeof vfio_iommu_type1_info>,
): readonly string[] {
  const words: string[] = [];
  for (let at = cap_offset; at !== 0;) {
    const cap = bytes.subarray(at);
    const { id, next } = decode(vfio_info_cap_header, cap);
    if (id === VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
      words.push(`room for ${decode(vfio_iommu_type1_info_dma_avail, cap).avail} mappings`);
    if (id === VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) words.push(`IOVAs ${rangeWords(cap)}`);
    at = next > at ? next : 0;
  }
  return words;
}

function rangeWords(cap: Uint8Array): string {
  const head = vfio_iommu_type1_info_cap_iova_range;
  const { nr_iovas } = decode(head, cap);
  return Array.from({ length: nr_iovas }, (_, index) => {
    const { start, end } = decode(vfio_iova_range, cap.subarray(head.bytes + index * vfio_iova_range.bytes));
    return `${hex(start)}-${hex(end)}`;
  }).join(' ');
}

function groupAt(context: VerbContext): Found<Opened> {
  const opened = fileAt(context, 0);
  if (!opened.ok || opened.value.file instanceof VfioGroupFile) return opened;
  return mistake(`${context.args.word(0) ?? ''} is no open VFIO group`, context.args.column(0));
}

/** A container, or an iommufd in its place. */
function containerAt(context: VerbContext): Found<Opened> {
  const opened = fileAt(context, 0);
  if (!opened.ok) return opened;
  const { file } = opened.value;
  if (file instanceof VfioContainer || file instanceof IommufdCtx) return found(opened.value);
  return mistake(`${context.args.word(0) ?? ''} is no container`, context.args.column(0));
}
