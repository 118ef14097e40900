import { done } from '../../lib/result';
import type { Process, UserAccount } from '../kernel/caller';
import { err, type Result } from '../kernel/errno';
import type { UserMemory } from '../memory/user-memory';
import type { AccountMode, IoptPages } from './pages';
import { PAGE_BYTES } from './page';

/**
 * Pinned pages count against a limit: of the user who mapped them, or of the process. They are counted after they were
 * pinned, because only then is known how many were not pinned before.
 *
 * Linux: drivers/iommu/iommufd/pages.c
 */
export interface Charged {
  readonly accountMode: AccountMode;
  readonly memory: UserMemory;
  readonly process: Process;
  readonly user: UserAccount;
}

/** RLIMIT_MEMLOCK in pages. */
const limitOf = (process: Process): number => Number(process.memlockLimit() / BigInt(PAGE_BYTES));

const overLimit = (what: string, pages: number, limit: number, rule: string): Result<undefined> =>
  err('ENOMEM', `${pages} pages of ${what} would be locked, and RLIMIT_MEMLOCK allows ${limit}`, { rule });

/** Linux: incr_user_locked_vm() */
function chargeUser({ user, process }: Charged, npages: number): Result<undefined> {
  const limit = limitOf(process);
  const locked = user.lockedVm + npages;
  if (locked > limit) return overLimit(`user ${user.uid}`, locked, limit, 'incr_user_locked_vm');
  user.lockedVm = locked;
  return done;
}

/** Linux: __account_locked_vm() */
function chargeMm({ memory, process }: Charged, npages: number): Result<undefined> {
  const limit = limitOf(process);
  const locked = memory.lockedVm + npages;
  if (locked > limit) return overLimit(memory.name, locked, limit, '__account_locked_vm');
  memory.lockedVm = locked;
  return done;
}

/** Linux: iopt_pages_update_pinned(), with inc */
export function charge(who: Charged, npages: number): Result<undefined> {
  const charged =
    who.accountMode === 'user'
      ? chargeUser(who, npages)
      : who.accountMode === 'mm'
        ? chargeMm(who, npages)
        : done;
  if (charged.ok) who.memory.pinnedVm += npages;
  return charged;
}

/**
 * Linux: iopt_pages_update_pinned(), without inc
 *
 * What a process that is gone was charged with is nobody's any more. In the kernel that is EINVAL, which unmapping
 * passes over and CHANGE_PROCESS, after everything has moved, warns of and returns.
 */
export function uncharge(who: Charged, npages: number): void {
  if (who.accountMode === 'user') who.user.lockedVm -= npages;
  if (who.accountMode === 'mm') who.memory.lockedVm -= npages;
  who.memory.pinnedVm -= npages;
}

/** After pages were pinned, or a failed attempt at it. Linux: pfn_reader_user_update_pinned() */
export function updatePinned(pages: IoptPages): Result<undefined> {
  const more = pages.npinned - pages.lastNpinned;
  if (more <= 0) {
    updateUnpinned(pages);
    return done;
  }
  const rule = 'pfn_reader_user_update_pinned';
  if (pages.env.fail.hit(rule)) return err('ENOMEM', 'this count was made to fail', { rule });
  const charged = charge(pages, more);
  if (charged.ok) pages.lastNpinned = pages.npinned;
  return charged;
}

/** After pages were unpinned. Linux: update_unpinned() */
export function updateUnpinned(pages: IoptPages): void {
  const fewer = pages.lastNpinned - pages.npinned;
  if (fewer <= 0) return;
  uncharge(pages, fewer);
  pages.lastNpinned = pages.npinned;
}
