import { EXECUTE, READ, WRITE } from '../../port';
import { PTE_D, PTE_U } from '../structs';

/** Where the permissions for each privilege begin in a cached translation: user, supervisor, supervisor with SUM. */
export const PERMS_USER = 0;
export const PERMS_SUPERVISOR = 3;
export const PERMS_SUM = 6;

/** READ, WRITE and EXECUTE of an entry: its R, W and X lie one place above them. */
export const grantsOf = (entryLo: number): number => (entryLo >>> 1) & (READ | WRITE | EXECUTE);

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
