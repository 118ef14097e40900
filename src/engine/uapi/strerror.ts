import { ERRNO_TEXT } from '../../lib/errno-text';
import { ERRNO, type Errno } from '../kernel/errno';

const BY_NUMBER = new Map(Object.entries(ERRNO).map(([name, number]) => [number as number, name as Errno]));

/** The name of an errno's number; null for one that this engine never returns. */
export const errnoOf = (number: number): Errno | null => BY_NUMBER.get(number) ?? null;

export const strerror = (errno: Errno): string => ERRNO_TEXT[errno];
