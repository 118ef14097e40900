import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import { holding, locked, reading, type Task } from '../kernel/task';
import type { UserMemory } from '../memory/user-memory';
import type { Access } from './access';
import { checkProt, checkStretch, detached, nothingThere, refusal } from './access-pages';
import { contiguous } from './iopt-areas';
import type { IoPagetable } from './iopt';
import { PAGE_BYTES, PAGE_SIZE } from './page';
import type { IoptPages } from './pages';
import { PfnReader } from './pfn-reader';

const RW = 'iopt_pages_rw_access';

/** Linux: IOMMUFD_ACCESS_RW_* */
export interface RwFlags {
  /** `data` goes to the IOAS; otherwise it is filled from there. */
  readonly write: boolean;
  /** A thread of the kernel, which may put on any process's memory. */
  readonly kthread?: boolean;
  /** For tests: as if the memory were another process's. */
  readonly slow?: boolean;
}

/**
 * Copies between `data` and a stretch of IOVAs. `current` is the memory of the process that runs, null when none does.
 * What was copied before an error stays copied.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_access_rw()
 */
export function* rwAccess(
  access: Access,
  current: UserMemory | null,
  iova: bigint,
  data: Uint8Array,
  flags: RwFlags,
): Task<Result<undefined>> {
  const rule = 'iommufd_access_rw';
  const stretch = checkStretch(rule, iova, BigInt(data.length));
  if (!stretch.ok) return stretch;
  return yield* locked(access.ioasLock, function* (): Task<Result<undefined>> {
    const iopt = access.ioas?.iopt;
    if (!iopt) return detached(rule, access);
    return yield* reading(iopt.iovaRwsem, () => rwAreas(iopt, current, iova, stretch.value, data, flags));
  });
}

function* rwAreas(
  iopt: IoPagetable,
  current: UserMemory | null,
  iova: bigint,
  last: bigint,
  data: Uint8Array,
  flags: RwFlags,
): Task<Result<undefined>> {
  const rule = 'iommufd_access_rw';
  const { parts, hole } = contiguous(iopt, iova, last);
  for (const { area, pages, start, last: end } of parts) {
    const refused = refusal(rule, iopt, area) ?? checkProt(rule, iopt, area, flags.write);
    if (refused) return refused;
    const from = Number(start - iova);
    const part = data.subarray(from, from + Number(end - start) + 1);
    const moved = yield* rwPages(pages, current, area.startByte(start), part, flags);
    if (!moved.ok) return moved;
  }
  return hole === null ? done : nothingThere(rule, iopt, hole);
}

/** Linux: pages.c iopt_pages_rw_access() */
function* rwPages(
  pages: IoptPages,
  current: UserMemory | null,
  startByte: bigint,
  data: Uint8Array,
  flags: RwFlags,
): Task<Result<undefined>> {
  const rule = RW;
  const { address, memory } = pages;
  if (flags.write && !pages.writable)
    return err('EPERM', 'the pages were mapped without WRITEABLE', { rule });
  if (address.kind === 'dma-buf') return err('EINVAL', 'the CPU cannot reach a dma-buf this way', { rule });
  const foreign = current !== memory || flags.slow === true;
  const slow = address.kind !== 'user' || (foreign && !(flags.kthread === true && memory.alive));
  if (!slow) return copyUser(memory, address.uptr + startByte, data, flags.write);
  const start = Number(startByte / PAGE_SIZE);
  const last = Number((startByte + BigInt(data.length) - 1n) / PAGE_SIZE);
  const offset = Number(startByte % PAGE_SIZE);
  const medium = address.kind === 'user' && flags.kthread !== true && start === last && memory.alive;
  if (medium) return rwPage(pages, address.uptr + BigInt(start) * PAGE_SIZE, offset, data, flags.write);
  return yield* holding(pages.mutex, () => rwSlow(pages, start, last, offset, data, flags.write));
}

/** Linux: copy_to_user(), copy_from_user() */
function copyUser(memory: UserMemory, userVa: bigint, data: Uint8Array, write: boolean): Result<undefined> {
  if (write) {
    const written = memory.write(userVa, data);
    return written.ok ? done : { ...written, rule: RW };
  }
  const bytes = memory.read(userVa, data.length);
  if (!bytes.ok) return { ...bytes, rule: RW };
  data.set(bytes.value);
  return done;
}

/** One page of another process. Linux: iopt_pages_rw_page() */
function rwPage(
  { env, memory }: IoptPages,
  pageVa: bigint,
  offset: number,
  data: Uint8Array,
  write: boolean,
): Result<undefined> {
  if (env.fail.hit('iopt_pages_rw_page')) {
    return err('EINVAL', 'this was made to fail', { rule: 'iopt_pages_rw_page' });
  }
  const pinned = memory.pin(pageVa, 1, write);
  if (!pinned.ok) return pinned;
  copyFrame(env.frames, pinned.value[0]?.pfn ?? 0, offset, data, write);
  memory.unpin(pinned.value);
  return done;
}

/** As a device would see it: through pinned frames. Linux: iopt_pages_rw_slow(), batch_rw() */
function rwSlow(
  pages: IoptPages,
  start: number,
  last: number,
  offset: number,
  data: Uint8Array,
  write: boolean,
): Result<undefined> {
  const opened = PfnReader.open(pages, { start, last });
  if (!opened.ok) return opened;
  const reader = opened.value;
  let at = 0;
  let skip = offset;
  for (;;) {
    const batch = reader.next();
    if (batch.ok && batch.value) {
      batch.value.eachFrame((pfn) => {
        const part = data.subarray(at, at + PAGE_BYTES - skip);
        copyFrame(pages.env.frames, pfn, skip, part, write);
        at += part.length;
        skip = 0;
      });
      continue;
    }
    reader.release();
    return batch.ok ? done : batch;
  }
}

/** Linux: copy_data_page() */
function copyFrame(
  frames: IoptPages['env']['frames'],
  pfn: number,
  offset: number,
  data: Uint8Array,
  write: boolean,
): void {
  if (write) frames.writeFrame(pfn, offset, data);
  else data.set(frames.readFrame(pfn, offset, data.length));
}
