import type { PciAddress } from '../../engine/pci/address';
import type { PciBar, PciKind } from '../../engine/pci/function-spec';

/** What the text says of one function; null for what it does not say. */
export interface LspciRecord {
  readonly address: PciAddress;
  /** Line of its title. */
  readonly line: number;
  /** `-P` path, which names the bridges above it. */
  readonly path: string | null;
  label: string | null;
  /** Class name as printed, for names that the class table lacks. */
  className: string | null;
  vendorId: number | null;
  deviceId: number | null;
  subsystem: { readonly vendorId: number; readonly deviceId: number } | null;
  /** Base class and subclass. */
  classCode: number | null;
  interfaceCode: number | null;
  revision: number | null;
  buses: { readonly secondary: number; readonly subordinate: number } | null;
  group: number | null;
  driver: string | null;
  /** Lines of what others may contradict. */
  groupLine: number;
  driverLine: number;
  /** It leads to other buses, as far as told; by its class or its header. */
  isBridge: boolean;
  /** Told to have no PCI Express capability, by a source that knows. */
  conventional: boolean;
  bars: readonly PciBar[];
  ats: boolean;
  pri: boolean;
  /** PASIDs that it can use. */
  pasids: number;
  /** The PCIe port type as far as told: a kind, or the text of one that nobody knows. */
  express: PciKind | { readonly unknown: string } | null;
  acsListed: boolean;
  acsCap: number | null;
  acsCtrl: number | null;
  sriov: Sriov | null;
  /** It has that capability, told or not in full. */
  sriovListed: boolean;
  /** More than a title was printed. */
  hasDetails: boolean;
  capabilities: 'none' | 'listed' | 'denied';
  /** Whether there is a list, shown or not: `Status: Cap+`. Lines of `-v` (`Flags:`) do not tell, and show it if there. */
  capabilityList: 'untold' | 'none' | 'there';
  /** The text ends within its lines. */
  cutShort: boolean;
  /** Reads gave all ones: it sleeps, or is gone. */
  asleep: boolean;
  /** Configuration space from a hex dump, and how much of it from 0 on. */
  bytes: Uint8Array | null;
  byteCount: number;
}

export interface Sriov {
  /** Virtual functions that are there. */
  readonly count: number;
  /** That could be. */
  readonly total: number;
  readonly vfDevice: number | null;
  readonly offset: number;
  readonly stride: number;
}

const NO_BARS: readonly PciBar[] = [];

export const newRecord = (address: PciAddress, line: number, path: string | null): LspciRecord => ({
  address,
  line,
  path,
  label: null,
  className: null,
  vendorId: null,
  deviceId: null,
  subsystem: null,
  classCode: null,
  interfaceCode: null,
  revision: null,
  buses: null,
  group: null,
  driver: null,
  groupLine: 0,
  driverLine: 0,
  isBridge: false,
  conventional: false,
  bars: NO_BARS,
  ats: false,
  pri: false,
  pasids: 0,
  express: null,
  acsListed: false,
  acsCap: null,
  acsCtrl: null,
  sriov: null,
  sriovListed: false,
  hasDetails: false,
  capabilities: 'none',
  capabilityList: 'untold',
  cutShort: false,
  asleep: false,
  bytes: null,
  byteCount: 0,
});

/** How much a record tells, to choose among several of one function. */
export function detailOf(record: LspciRecord): number {
  if (record.byteCount > 256) return 5;
  if (record.capabilities === 'listed') return 4;
  if (record.byteCount > 0) return 3;
  if (record.hasDetails) return record.asleep || record.capabilities === 'denied' ? 2 : 3;
  return 1;
}

/** The text stops before its capabilities, or before it says that it has none. */
export const losesCapabilities = (record: LspciRecord): boolean =>
  record.hasDetails &&
  record.capabilityList !== 'none' &&
  record.capabilities === 'none' &&
  record.byteCount < 256;

/** Whether its capability list was there to be read. */
export const capabilitiesKnown = (record: LspciRecord): boolean =>
  !record.asleep &&
  (record.byteCount >= 256 ||
    (record.hasDetails &&
      record.capabilities !== 'denied' &&
      !record.cutShort &&
      !losesCapabilities(record)));
