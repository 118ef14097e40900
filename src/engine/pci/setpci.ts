import { DWORD_ACS_CTRL, hasDwordAcs } from './dword-acs';
import type { PciFunction } from './function';
import { PCI_ACS_CTRL, PCI_CAP_ID_EXP, PCI_EXT_CAP_ID_ACS, PCI_EXT_CAP_ID_SRIOV } from './regs';

/** A register as setpci names it, found in a function's configuration space. */
export interface ConfigRegister {
  readonly offset: number;
  readonly bytes: 1 | 2 | 4;
}

export interface ConfigAction extends ConfigRegister {
  /** What is to be written there, and which bits of it; null: it is read. */
  readonly write: { readonly value: number; readonly mask: number } | null;
}

const SYNTAX =
  /^([A-Za-z_][A-Za-z0-9_]*|[0-9a-fA-F]{1,3})(?:\+([0-9a-fA-F]{1,3}))?(?:\.([bBwWlL]))?(?:=([0-9a-fA-F]{1,8})(?::([0-9a-fA-F]{1,8}))?)?$/;
const BYTES = { b: 1, w: 2, l: 4 } as const;
const isWidth = (letter: string): letter is keyof typeof BYTES => Object.hasOwn(BYTES, letter);

/** Offset and bytes of standard registers. pciutils: lib/names-… pci register table of `setpci --dumpregs` */
const NAMED: Readonly<Record<string, readonly [offset: number, bytes: 1 | 2 | 4]>> = {
  VENDOR_ID: [0x00, 2],
  DEVICE_ID: [0x02, 2],
  COMMAND: [0x04, 2],
  STATUS: [0x06, 2],
  REVISION: [0x08, 1],
  CLASS_PROG: [0x09, 1],
  CLASS_DEVICE: [0x0a, 2],
  HEADER_TYPE: [0x0e, 1],
  BASE_ADDRESS_0: [0x10, 4],
  BASE_ADDRESS_1: [0x14, 4],
  BASE_ADDRESS_2: [0x18, 4],
  BASE_ADDRESS_3: [0x1c, 4],
  BASE_ADDRESS_4: [0x20, 4],
  BASE_ADDRESS_5: [0x24, 4],
  PRIMARY_BUS: [0x18, 1],
  SECONDARY_BUS: [0x19, 1],
  SUBORDINATE_BUS: [0x1a, 1],
  SUBSYSTEM_VENDOR_ID: [0x2c, 2],
  SUBSYSTEM_ID: [0x2e, 2],
  CAPABILITY_LIST: [0x34, 1],
};

const CAPABILITIES: Readonly<Record<string, (fn: PciFunction) => number>> = {
  CAP_EXP: ({ config }) => config.findCapability(PCI_CAP_ID_EXP),
  ECAP_ACS: ({ config }) => config.findExtCapability(PCI_EXT_CAP_ID_ACS),
  ECAP_SRIOV: ({ config }) => config.findExtCapability(PCI_EXT_CAP_ID_SRIOV),
};

export type Located =
  { readonly ok: true; readonly action: ConfigAction } | { readonly ok: false; readonly why: string };

/** `ECAP_ACS+6.w=1d`, `COMMAND`, `10.l`. pciutils: setpci(8) "REGISTER" and "VALUES" */
export function locate(fn: PciFunction, text: string): Located {
  const match = SYNTAX.exec(text);
  if (match === null) return no(`${text} is no register of setpci, such as ECAP_ACS+6.w=1d`);
  const [, base = '', plus, width, value, mask] = match;
  const start = baseOf(fn, base);
  if (typeof start === 'string') return no(start);
  const letter = (width ?? '').toLowerCase();
  const bytes = isWidth(letter) ? BYTES[letter] : start.bytes;
  if (bytes === null) return no(`${base} does not say how wide it is: add .b, .w or .l`);
  const offset = start.offset + (plus === undefined ? 0 : parseInt(plus, 16));
  if (offset + bytes > fn.config.bytes.length)
    return no(`${text} is beyond the configuration space of ${fn.shortName}`);
  if (value === undefined) return { ok: true, action: { offset, bytes, write: null } };
  const all = 2 ** (8 * bytes) - 1;
  const written = parseInt(value, 16);
  if (written > all) return no(`${value} has more than ${bytes === 1 ? 'one byte' : `${bytes} bytes`}`);
  const bits = mask === undefined ? all : parseInt(mask, 16);
  return { ok: true, action: { offset, bytes, write: { value: written, mask: bits } } };
}

const no = (why: string): Located => ({ ok: false, why });

function baseOf(
  fn: PciFunction,
  base: string,
): { readonly offset: number; readonly bytes: 1 | 2 | 4 | null } | string {
  const name = base.toUpperCase();
  const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  if (named !== undefined) return { offset: named[0], bytes: named[1] };
  const find = Object.hasOwn(CAPABILITIES, name) ? CAPABILITIES[name] : undefined;
  if (find !== undefined) {
    const offset = find(fn);
    return offset === 0 ? `${fn.shortName} has no capability ${name}` : { offset, bytes: null };
  }
  if (/^[0-9a-f]{1,3}$/i.test(base)) return { offset: parseInt(base, 16), bytes: null };
  return `${base} is no register that this machine has; ${[...Object.keys(CAPABILITIES)].join(', ')} and those of the header are`;
}

/** What is there. */
export function readRegister({ config }: PciFunction, { offset, bytes }: ConfigRegister): number {
  if (bytes === 1) return config.read8(offset);
  return bytes === 2 ? config.read16(offset) : config.read32(offset);
}

/**
 * Writes a register, as far as it is one that matters here: the ACS control register, whose bits are there where the
 * capability has them. False: any other, which is left as it is. Spec: PCI Express Base 6.0, 7.7.11.3 "ACS Control Register"
 */
export function writeRegister(fn: PciFunction, { offset, bytes, write }: ConfigAction): boolean {
  if (write === null) return true;
  const acs = fn.config.findExtCapability(PCI_EXT_CAP_ID_ACS);
  const at = acs + (hasDwordAcs(fn.vendorId, fn.deviceId) ? DWORD_ACS_CTRL : PCI_ACS_CTRL);
  if (acs === 0 || offset > at || offset + bytes < at + 1) return false;
  const shift = 8 * (at - offset);
  const mask = (write.mask >>> shift) & 0xffff & fn.acsCapabilities;
  const old = fn.config.read16(at);
  fn.config.write16(at, (old & ~mask) | ((write.value >>> shift) & mask));
  return true;
}
