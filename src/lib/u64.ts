/**
 * The one module that converts between the three shapes of a 64-bit value:
 * `bigint` at the borders, (hi, lo) pairs of signed 32-bit integers in memory and caches, and `number` for byte
 * addresses below 2^53 and page frame numbers.
 */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;

export const loOf = (value: bigint): number => Number(BigInt.asIntN(32, value));
export const hiOf = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
export const join = (hi: number, lo: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

/** A byte address below 2^53 from a pair; the caller knows that the high bits are clear. */
export const addressOf = (hi: number, lo: number): number => (hi >>> 0) * 0x1_0000_0000 + (lo >>> 0);
export const hiOfAddress = (address: number): number => Math.floor(address / 0x1_0000_0000) | 0;
export const loOfAddress = (address: number): number => address | 0;

/** `0x` and lower-case digits, no padding. */
export const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
