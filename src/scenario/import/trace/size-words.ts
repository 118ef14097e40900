import { formatSize } from '../../literal';

/** 0 is a length too. */
export const sizeWords = (bytes: bigint): string => (bytes === 0n ? '0' : formatSize(bytes));
export const hexWords = (value: bigint): string =>
  value < 10n ? value.toString() : `0x${value.toString(16)}`;
