import { EXECUTE, READ, WRITE } from '../../port';
import { PTE_D, PTE_R, PTE_U, PTE_W, PTE_X } from '../structs';

/** Where the permissions for each privilege begin in a cached translation: user, supervisor, supervisor with SUM. */
export const PERMS_USER = 0;
export const PERMS_SUPERVISOR = 3;
export const PERMS_SUM = 6;

/** READ, WRITE and EXECUTE of an entry's bits. */
export const grantsOf = (entryLo: number): number =>
  ((entryLo & PTE_R) !== 0 ? READ : 0) |
  ((entryLo & PTE_W) !== 0 ? WRITE : 0) |
  ((entryLo & PTE_X) !== 0 ? EXECUTE : 0);

/** What a cached translation lets pass, for each privilege: a write without D has to walk again. */
export function cachedPermissions(firstLo: number, secondLo: number, bare: boolean): number {
  const both = firstLo & secondLo;
  const granted = (both & PTE_D) !== 0 ? grantsOf(both) : grantsOf(both) & ~WRITE;
  const isUser = (firstLo & PTE_U) !== 0;
  const user = bare || isUser ? granted : 0;
  const supervisor = bare || !isUser ? granted : 0;
  const withSum = bare || !isUser ? granted : granted & ~EXECUTE;
  return user | (supervisor << PERMS_SUPERVISOR) | (withSum << PERMS_SUM);
}
