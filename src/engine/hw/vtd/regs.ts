/**
 * Registers of a VT-d remapping unit: offsets and fields, with the document's names.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, chapter 11 "Register Descriptions"
 * Linux: drivers/iommu/intel/iommu.h
 */
export const VER = 0x00;
export const CAP = 0x08;
export const ECAP = 0x10;
export const GCMD = 0x18;
export const GSTS = 0x1c;
export const RTADDR = 0x20;
export const CCMD = 0x28;
export const FSTS = 0x34;
export const FECTL = 0x38;
export const FEDATA = 0x3c;
export const FEADDR = 0x40;
export const FEUADDR = 0x44;
export const IQH = 0x80;
export const IQT = 0x88;
export const IQA = 0x90;
export const ICS = 0x9c;
export const IECTL = 0xa0;
export const IEDATA = 0xa4;
export const IEADDR = 0xa8;
export const IEUADDR = 0xac;
export const IQER = 0xb0;
export const IRTA = 0xb8;

/** Names and widths in bytes, in the order the page lists them. IVA, IOTLB and FRCD lie where ECAP and CAP say. */
export const REGISTERS: readonly { readonly name: string; readonly offset: number; readonly bytes: 4 | 8 }[] =
  [
    { name: 'VER', offset: VER, bytes: 4 },
    { name: 'CAP', offset: CAP, bytes: 8 },
    { name: 'ECAP', offset: ECAP, bytes: 8 },
    { name: 'GCMD', offset: GCMD, bytes: 4 },
    { name: 'GSTS', offset: GSTS, bytes: 4 },
    { name: 'RTADDR', offset: RTADDR, bytes: 8 },
    { name: 'CCMD', offset: CCMD, bytes: 8 },
    { name: 'FSTS', offset: FSTS, bytes: 4 },
    { name: 'FECTL', offset: FECTL, bytes: 4 },
    { name: 'FEDATA', offset: FEDATA, bytes: 4 },
    { name: 'FEADDR', offset: FEADDR, bytes: 4 },
    { name: 'FEUADDR', offset: FEUADDR, bytes: 4 },
    { name: 'IQH', offset: IQH, bytes: 8 },
    { name: 'IQT', offset: IQT, bytes: 8 },
    { name: 'IQA', offset: IQA, bytes: 8 },
    { name: 'ICS', offset: ICS, bytes: 4 },
    { name: 'IECTL', offset: IECTL, bytes: 4 },
    { name: 'IEDATA', offset: IEDATA, bytes: 4 },
    { name: 'IEADDR', offset: IEADDR, bytes: 4 },
    { name: 'IEUADDR', offset: IEUADDR, bytes: 4 },
    { name: 'IQER', offset: IQER, bytes: 8 },
    { name: 'IRTA', offset: IRTA, bytes: 8 },
  ];

/** GCMD and GSTS: the same bits, as signed 32-bit values. */
export const TE = 1 << 31;
export const SRTP = 1 << 30;
export const SFL = 1 << 29;
export const EAFL = 1 << 28;
export const WBF = 1 << 27;
export const QIE = 1 << 26;
export const IRE = 1 << 25;
export const SIRTP = 1 << 24;
export const CFI = 1 << 23;

export const FSTS_PFO = 1 << 0;
export const FSTS_PPF = 1 << 1;
export const FSTS_IQE = 1 << 4;
export const FSTS_ICE = 1 << 5;
export const FSTS_ITE = 1 << 6;
export const FSTS_FRI_SHIFT = 8;

/** FECTL and IECTL. */
export const EVENT_IM = 1 << 31;
export const EVENT_IP = 1 << 30;
export const ICS_IWC = 1 << 0;

/** Highest word of a fault recording register. */
export const FRCD_F = 1 << 31;
export const FRCD_T1_READ = 1 << 30;
export const FRCD_BYTES = 16;

/** Highest words of CCMD and IOTLB. */
export const CCMD_ICC = 1 << 31;
export const IOTLB_IVT = 1 << 31;

/** Granularities of invalidation, as CCMD, IOTLB and descriptors number them. */
export const GLOBAL = 1;
export const DOMAIN = 2;
/** Of the context cache: one device. Of the IOTLB: pages of one domain. */
export const SELECTIVE = 3;

export const IRTA_EIME = 1 << 11;

const bits = (value: bigint, high: number, low: number): number =>
  Number((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

/** Fields of the capability register. */
export const cap = {
  domains: (c: bigint): number => 2 ** (4 + 2 * bits(c, 2, 0)),
  writeBufferFlush: (c: bigint): boolean => bits(c, 4, 4) === 1,
  cachingMode: (c: bigint): boolean => bits(c, 7, 7) === 1,
  sagaw: (c: bigint): number => bits(c, 12, 8),
  mgaw: (c: bigint): number => bits(c, 21, 16) + 1,
  faultOffset: (c: bigint): number => bits(c, 33, 24) * 16,
  superpages: (c: bigint): number => bits(c, 37, 34),
  pageSelective: (c: bigint): boolean => bits(c, 39, 39) === 1,
  faultRecords: (c: bigint): number => bits(c, 47, 40) + 1,
  maxAddressMask: (c: bigint): number => bits(c, 53, 48),
  writeDrain: (c: bigint): boolean => bits(c, 54, 54) === 1,
  readDrain: (c: bigint): boolean => bits(c, 55, 55) === 1,
  esrtps: (c: bigint): boolean => bits(c, 63, 63) === 1,
};

/** Fields of the extended capability register. */
export const ecap = {
  coherent: (e: bigint): boolean => bits(e, 0, 0) === 1,
  queuedInvalidation: (e: bigint): boolean => bits(e, 1, 1) === 1,
  deviceTlb: (e: bigint): boolean => bits(e, 2, 2) === 1,
  interruptRemapping: (e: bigint): boolean => bits(e, 3, 3) === 1,
  passThrough: (e: bigint): boolean => bits(e, 6, 6) === 1,
  snoopControl: (e: bigint): boolean => bits(e, 7, 7) === 1,
  iotlbOffset: (e: bigint): number => bits(e, 17, 8) * 16,
};
