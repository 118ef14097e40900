import { invariant } from '../../lib/invariant';
import { err, ok, type Result } from '../kernel/errno';
import { holding, locked, type Task } from '../kernel/task';
import type { Access } from './access';
import type { IoPagetable } from './iopt';

/** Enters an access in the list of those to be asked, and its alignment. Linux: io_pagetable.c iopt_add_access() */
export function* addAccess(iopt: IoPagetable, access: Access): Task<Result<number>> {
  return yield* locked(iopt.domainsRwsem, () =>
    holding(iopt.iovaRwsem, (): Result<number> => {
      const rule = 'iopt_add_access';
      if (iopt.env.fail.hit(rule)) return err('ENOMEM', 'there is no memory for an access', { rule });
      let number = 0;
      while (iopt.accesses.has(number)) number++;
      iopt.accesses.set(number, access);
      const aligned = iopt.recalculateAlignment();
      if (aligned.ok) return ok(number);
      iopt.accesses.delete(number);
      return aligned;
    }),
  );
}

/** Linux: iopt_remove_access() */
export function* removeAccess(iopt: IoPagetable, access: Access, number: number): Task<void> {
  yield* locked(iopt.domainsRwsem, () =>
    holding(iopt.iovaRwsem, () => {
      invariant(iopt.accesses.get(number) === access, `${access.title} is not in ${iopt.owner.title}`);
      iopt.accesses.delete(number);
      const aligned = iopt.recalculateAlignment();
      invariant(aligned.ok, 'removing an access raised the alignment');
    }),
  );
}
