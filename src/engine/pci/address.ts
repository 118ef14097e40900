/** Where a function sits: segment (Linux: domain), bus, and devfn (device << 3 | function). */
export interface PciAddress {
  readonly domain: number;
  readonly bus: number;
  readonly devfn: number;
}

export const devfnOf = (device: number, fn: number): number => (device << 3) | fn;
export const slotOf = (devfn: number): number => devfn >> 3;
export const functionOf = (devfn: number): number => devfn & 7;

/** Requester id without the segment. Linux: PCI_DEVID() */
export const ridOf = (bus: number, devfn: number): number => (bus << 8) | devfn;

const hexPadded = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** `01:00.0` */
export const formatShortBdf = (bus: number, devfn: number): string =>
  `${hexPadded(bus, 2)}:${hexPadded(slotOf(devfn), 2)}.${functionOf(devfn)}`;

/** `0000:01:00.0`, as Linux names a device. */
export const formatBdf = (address: PciAddress): string =>
  `${hexPadded(address.domain, 4)}:${formatShortBdf(address.bus, address.devfn)}`;
