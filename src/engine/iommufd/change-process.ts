import { done } from '../../lib/result';
import type { Caller } from '../kernel/caller';
import { err, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { Ioas } from './ioas';
import { range } from './iopt';
import type { AccountMode, IoptPages } from './pages';
import { charge, uncharge } from './pages-account';

/** Linux: drivers/iommu/iommufd/ioas.c iommufd_ioas_change_process() */
export function* changeProcess(ctx: IommufdCtx, caller: Caller): Task<Result<undefined>> {
  return yield* locked(ctx.ioasCreationLock, () => withEveryIoas(ctx, 0, [], (all) => change(all, caller)));
}

/**
 * Takes the iova_rwsem of every IOAS, by ascending id, and holds them all over `body`: the pages of one may be copies of
 * those of another. This is the only place that nests them.
 *
 * Linux: iommufd_take_all_iova_rwsem()
 */
function* withEveryIoas(
  ctx: IommufdCtx,
  after: number,
  taken: readonly Ioas[],
  body: (all: readonly Ioas[]) => Result<undefined>,
): Task<Result<undefined>> {
  const next = ctx.objects.list().find((each): each is Ioas => each.kind === 'ioas' && each.id > after);
  if (!next) return body(taken);
  const rule = 'iommufd_take_all_iova_rwsem';
  next.users++;
  const changed = yield* locked(
    next.iopt.iovaRwsem,
    function* (): Task<Result<undefined>> {
      if (ctx.core.fail.hit(rule))
        return err('ENOMEM', 'there is no memory for the list of IOASes', { rule });
      return yield* withEveryIoas(ctx, next.id, [...taken, next], body);
    },
    ctx.ioasCreationLock,
  );
  next.users--;
  return changed;
}

function change(all: readonly Ioas[], caller: Caller): Result<undefined> {
  const every: IoptPages[] = [];
  for (const ioas of all) {
    for (const area of ioas.iopt.areas) {
      // The kernel reads the type of pages that are not there yet while an area is being mapped.
      if (area.pages?.address.kind !== 'file') {
        return err(
          'EINVAL',
          `${range(area)} of ${ioas.title} is not a file; its pages are the old process's own`,
          {
            rule: 'iommufd_ioas_change_process',
            culprit: ioas.worldId,
          },
        );
      }
      every.push(area.pages);
    }
  }
  const charged = chargeCaller(every, caller);
  if (!charged.ok) {
    for (const pages of every) pages.lastNpinned = pages.npinned;
    return charged;
  }
  moveAll(every, caller);
  return done;
}

/** Whether another account than the caller's has these pages. Linux: need_charge_update() */
const isForeign = (pages: IoptPages, caller: Caller): boolean =>
  (pages.accountMode !== 'none' && pages.memory !== caller.mm) ||
  (pages.accountMode === 'user' && pages.user !== caller.user);

/** Pages that several areas share count once: their count is taken away as it is added. Linux: charge_current() */
function chargeCaller(every: readonly IoptPages[], caller: Caller): Result<undefined> {
  const pinned: Record<AccountMode, number> = { none: 0, user: 0, mm: 0 };
  for (const pages of every) {
    if (!isForeign(pages, caller)) continue;
    pinned[pages.accountMode] += pages.lastNpinned;
    pages.lastNpinned = 0;
  }
  const charged: AccountMode[] = [];
  for (const accountMode of ['user', 'mm'] as const) {
    if (pinned[accountMode] === 0) continue;
    const result = charge({ accountMode, ...ownerOf(caller) }, pinned[accountMode]);
    if (!result.ok) {
      for (const mode of charged) uncharge({ accountMode: mode, ...ownerOf(caller) }, pinned[mode]);
      return result;
    }
    charged.push(accountMode);
  }
  return done;
}

/** The old owners are given back what they were charged with. Linux: change_mm() */
function moveAll(every: readonly IoptPages[], caller: Caller): void {
  for (const pages of every) {
    if (isForeign(pages, caller)) {
      uncharge(pages, pages.npinned);
      pages.lastNpinned = pages.npinned;
    }
    Object.assign(pages, ownerOf(caller));
  }
}

const ownerOf = ({ mm, process, user }: Caller): Pick<IoptPages, 'memory' | 'process' | 'user'> => ({
  memory: mm,
  process,
  user,
});
