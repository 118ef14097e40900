import { hex } from '../../../lib/u64';
import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import {
  IOMMU_PGFAULT_FLAGS_LAST_PAGE,
  IOMMU_PGFAULT_FLAGS_PASID_VALID,
  iommu_hwpt_page_response,
  iommu_hwpt_pgfault,
  IOMMU_VEVENTQ_FLAG_LOST_EVENTS,
  IOMMUFD_PAGE_RESP_INVALID,
  IOMMUFD_PAGE_RESP_SUCCESS,
  iommufd_vevent_header,
} from '../../uapi/iommufd';
import { veventOf } from '../../uapi/payloads';
import { decode, encode, type Struct } from '../../uapi/struct';
import { structWords } from '../../uapi/struct-tokens';
import type { Outcome } from '../statement';
import { callAs, bytesOption, hexBytes, saidAs } from './calls';
import { fileAt, type Opened } from './files';
import { nameObject } from './iommufd';
import { contextAt, kernelVerb, mistake, objectOf, said, type VerbContext } from './verb';

/** Queues that a program reads: page faults, and events for a VM. */

/** `faults = FAULT_QUEUE_ALLOC ctx` */
export const faultQueueAlloc = kernelVerb(function* (context): Task<Outcome> {
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const made = yield* callAs(context, ctx.value, 'IOMMU_FAULT_QUEUE_ALLOC', () => ({}));
  if (!made.ok) return made;
  nameObject(context, ctx.value, made.value.out_fault_id);
  return said(`fault queue ${made.value.out_fault_id}, descriptor ${made.value.out_fault_fd}`);
});

/** Room for more than anybody has. */
const MOST_BYTES = 64 * iommu_hwpt_pgfault.bytes;

/** `read faults` */
export const read = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const opened = fileAt(context, 0);
  if (!opened.ok) return opened;
  const bytes = Number(args.size('count') ?? BigInt(MOST_BYTES));
  if (bytes > 1 << 20) return mistake('a line reads 1M at most', args.columnOf('count'));
  const { caller, scratch } = opened.value.by.withScratch();
  const at = scratch.place(new Uint8Array(bytes));
  const got = yield* readFile(opened.value, caller, at, bytes);
  if (!got.ok) return got;
  const data = scratch.read(at, got.value);
  if (!data.ok) return data;
  return saidAs(context, got.value === 0 ? 'nothing' : describe(context, data.value), 1);
});

function* readFile(
  { file }: Opened,
  caller: Parameters<NonNullable<Opened['file']['read']>>[0],
  at: bigint,
  bytes: number,
): Task<Result<number>> {
  if (file.read) return yield* file.read(caller, at, bytes, null);
  return err('EINVAL', `${file.title} cannot be read`, { rule: 'vfs_read' });
}

/** What was read, in words: faults as they are laid out, a vIOMMU's events behind their headers. */
function describe(context: VerbContext, data: Uint8Array): string {
  const object = objectOf(context, 0);
  if (object.ok && object.value.kind === 'fault') return faultWords(data);
  if (object.ok && object.value.kind === 'veventq') return eventWords(data, veventOf(object.value.type));
  return hexBytes(data);
}

function faultWords(data: Uint8Array): string {
  const words: string[] = [];
  const { bytes } = iommu_hwpt_pgfault;
  for (let at = 0; at < data.length; at += bytes) {
    const fault = decode(iommu_hwpt_pgfault, data.subarray(at, at + bytes));
    const perm = [...'rwxp'].filter((_, bit) => (fault.perm >> bit) & 1).join('');
    const pasid = (fault.flags & IOMMU_PGFAULT_FLAGS_PASID_VALID) === 0 ? '' : ` pasid ${fault.pasid}`;
    const last = (fault.flags & IOMMU_PGFAULT_FLAGS_LAST_PAGE) === 0 ? '' : ', last';
    words.push(
      `device ${fault.dev_id}${pasid}: ${perm} at ${hex(fault.addr)}, group ${fault.grpid}${last}, cookie ${fault.cookie}`,
    );
  }
  return words.join('; ');
}

/** One behind the other; what follows the header of one of a type that nobody knows is all that there is. */
function eventWords(data: Uint8Array, struct: Struct | null): string {
  const words: string[] = [];
  for (let at = 0; at < data.length;) {
    const { flags, sequence } = decode(iommufd_vevent_header, data.subarray(at));
    at += iommufd_vevent_header.bytes;
    if ((flags & IOMMU_VEVENTQ_FLAG_LOST_EVENTS) !== 0) {
      words.push(`events were lost, up to ${sequence}`);
      continue;
    }
    const event = struct ? data.subarray(at, at + struct.bytes) : data.subarray(at);
    at += event.length;
    // One number needs no name.
    const named = struct && struct.fields.length > 1 ? ` (${structWords(struct, event)})` : '';
    words.push(`event ${sequence}: ${hexBytes(event)}${named}`);
  }
  return words.join('; ');
}

/** `write faults 1 SUCCESS` */
export const write = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const opened = fileAt(context, 0);
  if (!opened.ok) return opened;
  const raw = bytesOption(args, 'bytes');
  if (!raw.ok) return raw;
  const cookie = args.number(1);
  if (cookie !== null && cookie >= 1n << 32n) return mistake('a cookie has 32 bits', args.column(1));
  if (cookie !== null && args.word(2) === null)
    return mistake('say how it is answered: SUCCESS or INVALID', args.column(1));
  const code = args.word(2) === 'INVALID' ? IOMMUFD_PAGE_RESP_INVALID : IOMMUFD_PAGE_RESP_SUCCESS;
  const data =
    cookie === null ? raw.value : encode(iommu_hwpt_page_response, { cookie: Number(cookie), code });
  const { caller, scratch } = opened.value.by.withScratch();
  const at = scratch.place(data);
  const { file } = opened.value;
  if (!file.write) return err('EINVAL', `${file.title} cannot be written`, { rule: 'vfs_write' });
  const wrote = yield* file.write(caller, at, data.length, null);
  return wrote.ok ? said(`${wrote.value} bytes taken`) : wrote;
});
