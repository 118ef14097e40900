const hex2 = (value: number): string => value.toString(16).padStart(2, '0');

/** `01:00.0` of a requester id. */
export const shortBdf = (rid: number): string =>
  `${hex2((rid >> 8) & 0xff)}:${hex2((rid >> 3) & 0x1f)}.${rid & 7}`;

/** `0000:01:00.0`: how Linux names the PCI function with a requester id. */
export const formatBdf = (segment: number, rid: number): string =>
  `${segment.toString(16).padStart(4, '0')}:${shortBdf(rid)}`;
