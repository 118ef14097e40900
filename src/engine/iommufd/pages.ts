import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { hex, U64_MAX } from '../../lib/u64';
import type { Caller, Process, UserAccount } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import { Mutex, type Task } from '../kernel/task';
import type { FrameRun, PageSource, UserMemory } from '../memory/user-memory';
import type { AreaSpan, PageSpan } from './area';
import type { DmaBufPages } from './dma-buf-pages';
import { IntervalTree } from './interval-tree';
import type { IoptEnv } from './iopt-env';
import { addChecked, PAGE_SIZE } from './page';
import { PinnedFrames } from './pinned-frames';

/** Where pages come from; `uptr` and `start` are that of page 0. Linux: enum iopt_address_type */
export type PagesAddress =
  | { readonly kind: 'user'; readonly uptr: bigint }
  | { readonly kind: 'file'; readonly file: PageSource; readonly start: bigint }
  | DmaBufPages;

/** Against what pinned pages count, beside VmPin. Linux: IOPT_PAGES_ACCOUNT_* */
export type AccountMode = 'none' | 'user' | 'mm';

/** Pins by accesses that all ask for the same pages. Linux: struct iopt_pages_access */
export interface PagesAccess extends PageSpan {
  users: number;
}

/** Where frames are kept: for accesses, in a domain's page table, or nowhere because they are not pinned. */
export type Tier = 'access' | 'domain' | 'nowhere';

export interface TierSpan extends PageSpan {
  readonly tier: Tier;
}

/**
 * A stretch of memory, pinned page by page for as long as somebody needs it, and only once however many areas, domains
 * and accesses share it (IOAS_COPY shares; two IOAS_MAPs of the same memory do not).
 *
 * Linux: drivers/iommu/iommufd/pages.c struct iopt_pages
 */
export class IoptPages {
  readonly mutex: Mutex;
  /** Areas, and the list of a map in progress. */
  refs = 1;
  /** How many pages were pinned when they were last counted. Linux: last_npinned */
  lastNpinned = 0;
  readonly frames = new PinnedFrames();
  /** Linux: access_itree */
  readonly accesses = new IntervalTree<number, PagesAccess>();
  /** Of areas that are in a domain. Linux: domains_itree */
  readonly areas = new IntervalTree<number, AreaSpan>();
  /** Whose limits count, and whose VmPin. CHANGE_PROCESS changes all three. Linux: source_mm, source_task, source_user */
  memory: UserMemory;
  process: Process;
  user: UserAccount;

  constructor(
    readonly env: IoptEnv,
    readonly address: PagesAddress,
    caller: Pick<Caller, 'mm' | 'process' | 'user'>,
    readonly npages: number,
    readonly writable: boolean,
    public accountMode: AccountMode,
  ) {
    // The lock of a dma-buf is taken inside dma_resv, which page faults take inside mmap_lock, which is taken inside
    // the lock of every other kind of pages.
    this.mutex = new Mutex('pages->mutex', address.kind === 'dma-buf' ? { subclass: 'dma-buf' } : {});
    this.memory = caller.mm;
    this.process = caller.process;
    this.user = caller.user;
    if (address.kind === 'file') address.file.acquire?.();
  }

  get npinned(): number {
    return this.frames.count;
  }

  /** A dma-buf that its exporter took back. Linux: iopt_dmabuf_revoked() */
  get revoked(): boolean {
    return this.address.kind === 'dma-buf' && this.address.range === null;
  }

  /** The last reference gone, nothing may be pinned. Linux: iopt_put_pages(), iopt_release_pages() */
  *put(): Task<void> {
    if (--this.refs > 0) return;
    invariant(
      this.npinned === 0 && this.accesses.size === 0 && this.areas.size === 0,
      'pages are still pinned when nobody has them',
    );
    if (this.address.kind === 'dma-buf') yield* this.address.release();
    if (this.address.kind === 'file') this.address.file.release?.();
  }

  /** Pins pages that are not pinned yet; they are counted later. Linux: pfn_reader_user_pin() */
  pin(start: number, count: number): Result<undefined> {
    const { address } = this;
    if (address.kind === 'user' && !this.memory.alive) {
      return err('EFAULT', `${this.memory.name} is gone, and its memory with it`, {
        rule: 'pfn_reader_user_pin',
      });
    }
    if (this.env.fail.hit('pfn_reader_user_pin')) {
      return err('EFAULT', 'this pin was made to fail', { rule: 'pfn_reader_user_pin' });
    }
    if (address.kind === 'dma-buf') {
      // The kernel takes a pointer of its own for a user address.
      return err('EFAULT', 'a dma-buf has no pages to pin', { rule: 'pfn_reader_user_pin' });
    }
    const offset = BigInt(start) * PAGE_SIZE;
    const pinned: Result<readonly FrameRun[]> =
      address.kind === 'user'
        ? this.memory.pin(address.uptr + offset, count, this.writable)
        : address.file.pin(address.start + offset, count, this.writable);
    if (!pinned.ok) return pinned;
    const pages = this.frames.add(start, pinned.value);
    invariant(pages === count, 'pin returned another number of pages than asked for');
    return done;
  }

  /** Unpins those of the pages that nobody needs. Linux: pfn_reader_unpin(), batch_unpin() */
  unpinUnheld(start: number, last: number): void {
    if (this.npinned === 0) return;
    for (const span of this.tiers(start, last)) {
      if (span.tier === 'nowhere') this.unpin(span.start, span.last);
    }
  }

  unpin(start: number, last: number): void {
    const { address } = this;
    const runs = this.frames.take(start, last);
    if (runs.length > 0) (address.kind === 'file' ? address.file : this.memory).unpin(runs);
  }

  /**
   * The pages by where their frames are kept. Used stretches may come in several pieces, holes come whole.
   * Linux: interval_tree_for_each_double_span() over access_itree and domains_itree
   */
  *tiers(start: number, last: number): Generator<TierSpan, void> {
    for (let at = start; at <= last;) {
      const span = this.tierAt(at, last);
      yield span;
      at = span.last + 1;
    }
  }

  private tierAt(start: number, last: number): TierSpan {
    const access = this.accesses.first(start, last);
    if (access && access.start <= start) return { start, last: Math.min(access.last, last), tier: 'access' };
    const beforeAccess = access ? access.start - 1 : last;
    const area = this.areas.first(start, beforeAccess);
    if (area && area.start <= start)
      return { start, last: Math.min(area.last, beforeAccess), tier: 'domain' };
    return { start, last: area ? area.start - 1 : beforeAccess, tier: 'nowhere' };
  }
}

/** Linux: iopt_alloc_pages() */
export function allocPages(
  env: IoptEnv,
  caller: Caller,
  address: PagesAddress,
  startByte: bigint,
  length: bigint,
  writable: boolean,
): Result<IoptPages> {
  const rule = 'iopt_alloc_pages';
  if (length > U64_MAX - PAGE_SIZE || length === 0n) {
    return err('EINVAL', `the length is ${length === 0n ? 'zero' : hex(length)}`, { rule });
  }
  if (env.fail.hit(rule)) return err('ENOMEM', 'there is no memory for the list of pages', { rule });
  const npages = Number((startByte + length + PAGE_SIZE - 1n) / PAGE_SIZE);
  const mode = address.kind === 'dma-buf' || caller.capable('CAP_IPC_LOCK') ? 'none' : 'user';
  return ok(new IoptPages(env, address, caller, npages, writable, mode));
}

/** Nothing is looked up or pinned yet. Linux: iopt_alloc_user_pages() */
export function userPages(
  env: IoptEnv,
  caller: Caller,
  userVa: bigint,
  length: bigint,
  writable: boolean,
): Result<IoptPages> {
  if (addChecked(userVa, length) === null) {
    return err(
      'EOVERFLOW',
      `user_va ${hex(userVa)} plus length ${hex(length)} passes the end of the address space`,
      { rule: 'iopt_alloc_user_pages' },
    );
  }
  const offset = userVa % PAGE_SIZE;
  return allocPages(env, caller, { kind: 'user', uptr: userVa - offset }, offset, length, writable);
}
