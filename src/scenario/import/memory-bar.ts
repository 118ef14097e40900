import type { LspciRecord } from './record';

/**
 * `Memory at f7c00000 (64-bit, prefetchable) [size=16M]`, and with `Region 0: ` before it. A region that the firmware
 * left without an address, or that is off, answers for nothing.
 */
const MEMORY =
  /^(?:Region \d{1,2}: )?Memory at ([0-9a-f]{1,16}) \(([^)]{1,60})\)((?: \[[a-z]+\])*) \[size=(\d{1,8})([KMGT]?)\]/i;
const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  K: 1n << 10n,
  M: 1n << 20n,
  G: 1n << 30n,
  T: 1n << 40n,
};

export function readMemoryBar(record: LspciRecord, text: string): void {
  const match = MEMORY.exec(text);
  if (match === null) return;
  const [, address = '', kind = '', flags = '', size = '', unit = ''] = match;
  const bytes = BigInt(size) * (UNITS[unit] ?? 1n);
  const prefetchable = kind.includes('prefetchable') && !kind.includes('non-prefetchable');
  addBar(record, BigInt(`0x${address}`), bytes, prefetchable, flags.includes('[disabled]'));
}

/** A function has six base address registers. */
const MOST_BARS = 6;

export function addBar(
  record: LspciRecord,
  start: bigint,
  bytes: bigint,
  prefetchable: boolean,
  disabled = false,
): void {
  if (disabled || start === 0n || bytes <= 0n || start + bytes > 1n << 64n) return;
  if (record.bars.length >= MOST_BARS || record.bars.some((bar) => bar.start === start)) return;
  record.bars = [...record.bars, { start, bytes, prefetchable }];
}
