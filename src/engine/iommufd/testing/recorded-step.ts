import type { Errno, Result } from '../../kernel/errno';
import type { Protection } from './recorded-memory';
import type { RecordedMachine } from './recorded-machine';
import type { RecordedProcess } from './recorded-process';
import type { Line, Registers } from './recorded-script';

/** What one operation works with. */
export interface Step {
  readonly machine: RecordedMachine;
  readonly process: RecordedProcess;
  readonly registers: Registers;
  readonly line: Line;
  /** The descriptor that the line names, or the recorder's own /dev/iommu. */
  fd(): number;
  value(key: string, otherwise?: bigint): bigint;
}

/** An operation and the line that it prints. */
export type Operation = (step: Step) => string;

/** The result line of something that prints nothing else. */
export const status = (result: Result<unknown>): string =>
  result.ok ? '= OK' : `= ${errnoName(result.errno)}`;

/** As the recorder spells it. */
export const errnoName = (errno: Errno): string => (errno === 'EDEADLOCK' ? 'EDEADLK' : errno);

/** Letters of r, w, x; anything else is none. */
export const prot = (letters: string): Protection => ({
  read: letters.includes('r'),
  write: letters.includes('w'),
  exec: letters.includes('x'),
});

/** FNV-1a, 32 bits. */
export function fnv(bytes: Uint8Array): string {
  let sum = 2166136261;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 16777619);
  return (sum >>> 0).toString(16).padStart(8, '0');
}

export const hexBytes = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
