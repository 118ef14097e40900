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
export const PMEN = 0x64;
export const PLMBASE = 0x68;
export const PLMLIMIT = 0x6c;
export const PHMBASE = 0x70;
export const PHMLIMIT = 0x78;
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
export const PQH = 0xc0;
export const PQT = 0xc8;
export const PQA = 0xd0;
export const PRS = 0xdc;
export const PECTL = 0xe0;
export const PEDATA = 0xe4;
export const PEADDR = 0xe8;
export const PEUADDR = 0xec;

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
    { name: 'PMEN', offset: PMEN, bytes: 4 },
    { name: 'PLMBASE', offset: PLMBASE, bytes: 4 },
    { name: 'PLMLIMIT', offset: PLMLIMIT, bytes: 4 },
    { name: 'PHMBASE', offset: PHMBASE, bytes: 8 },
    { name: 'PHMLIMIT', offset: PHMLIMIT, bytes: 8 },
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
    { name: 'PQH', offset: PQH, bytes: 8 },
    { name: 'PQT', offset: PQT, bytes: 8 },
    { name: 'PQA', offset: PQA, bytes: 8 },
    { name: 'PRS', offset: PRS, bytes: 4 },
    { name: 'PECTL', offset: PECTL, bytes: 4 },
    { name: 'PEDATA', offset: PEDATA, bytes: 4 },
    { name: 'PEADDR', offset: PEADDR, bytes: 4 },
    { name: 'PEUADDR', offset: PEUADDR, bytes: 4 },
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
export const FSTS_PRO = 1 << 7;
export const FSTS_FRI_SHIFT = 8;

export const PRS_PPR = 1 << 0;
export const PRS_PRO = 1 << 1;

/** FECTL and IECTL. */
export const EVENT_IM = 1 << 31;
export const EVENT_IP = 1 << 30;
export const ICS_IWC = 1 << 0;

/** Highest word of a fault recording register. */
export const FRCD_F = 1 << 31;
export const FRCD_T1_READ = 1 << 30;
/** Of the request that met the fault: 0 untranslated, 1 for a translation, 2 translated. */
export const FRCD_AT_SHIFT = 28;
export const FRCD_PASID_SHIFT = 8;
/** Its third word: what the request carried. T2 is set with T1 for AtomicOps, alone for page requests. */
export const FRCD_PP = 1 << 31;
export const FRCD_EXE = 1 << 30;
export const FRCD_PRIV = 1 << 29;
export const FRCD_T2 = 1 << 28;
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

/** PMEN */
export const PMEN_EPM = 1 << 31;
export const PMEN_PRS = 1 << 0;

/** RTADDR.TTM, bits 11:10: how the root table is read. */
export const TTM_LEGACY = 0;
export const TTM_SCALABLE = 1;
export const TTM_ABORT = 3;
/** RTADDR: scalable mode. TTM, bits 11:10 */
export const RTADDR_SMT = 1 << 10;
/** IQA: descriptors of 32 bytes. */
export const IQA_DW = 1 << 11;

const bits = (value: bigint, high: number, low: number): number =>
  Number((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

/** Fields of the capability register. */
export const cap = {
  domains: (c: bigint): number => 2 ** (4 + 2 * bits(c, 2, 0)),
  writeBufferFlush: (c: bigint): boolean => bits(c, 4, 4) === 1,
  protectedLow: (c: bigint): boolean => bits(c, 5, 5) === 1,
  protectedHigh: (c: bigint): boolean => bits(c, 6, 6) === 1,
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
  firstStage1G: (c: bigint): boolean => bits(c, 56, 56) === 1,
  postedInterrupts: (c: bigint): boolean => bits(c, 59, 59) === 1,
  firstStage5Level: (c: bigint): boolean => bits(c, 60, 60) === 1,
  esirtps: (c: bigint): boolean => bits(c, 62, 62) === 1,
  esrtps: (c: bigint): boolean => bits(c, 63, 63) === 1,
};

/** Fields of the extended capability register. */
export const ecap = {
  coherent: (e: bigint): boolean => bits(e, 0, 0) === 1,
  queuedInvalidation: (e: bigint): boolean => bits(e, 1, 1) === 1,
  deviceTlb: (e: bigint): boolean => bits(e, 2, 2) === 1,
  interruptRemapping: (e: bigint): boolean => bits(e, 3, 3) === 1,
  extendedInterrupts: (e: bigint): boolean => bits(e, 4, 4) === 1,
  passThrough: (e: bigint): boolean => bits(e, 6, 6) === 1,
  snoopControl: (e: bigint): boolean => bits(e, 7, 7) === 1,
  iotlbOffset: (e: bigint): number => bits(e, 17, 8) * 16,
  maxHandleMask: (e: bigint): number => bits(e, 23, 20),
  nested: (e: bigint): boolean => bits(e, 26, 26) === 1,
  pageRequests: (e: bigint): boolean => bits(e, 29, 29) === 1,
  executeRequests: (e: bigint): boolean => bits(e, 30, 30) === 1,
  supervisorRequests: (e: bigint): boolean => bits(e, 31, 31) === 1,
  noWriteFlag: (e: bigint): boolean => bits(e, 33, 33) === 1,
  extendedAccessed: (e: bigint): boolean => bits(e, 34, 34) === 1,
  /** PASIDs have so many bits. */
  pasidBits: (e: bigint): number => bits(e, 39, 35) + 1,
  pasid: (e: bigint): boolean => bits(e, 40, 40) === 1,
  deviceTlbThrottle: (e: bigint): boolean => bits(e, 41, 41) === 1,
  pageRequestDrain: (e: bigint): boolean => bits(e, 42, 42) === 1,
  scalable: (e: bigint): boolean => bits(e, 43, 43) === 1,
  secondStageAccessDirty: (e: bigint): boolean => bits(e, 45, 45) === 1,
  secondStage: (e: bigint): boolean => bits(e, 46, 46) === 1,
  firstStage: (e: bigint): boolean => bits(e, 47, 47) === 1,
  /** Page walks snoop processor caches in scalable mode. */
  scalableCoherent: (e: bigint): boolean => bits(e, 48, 48) === 1,
  ridPasid: (e: bigint): boolean => bits(e, 49, 49) === 1,
  abortDma: (e: bigint): boolean => bits(e, 52, 52) === 1,
  ridPrivilege: (e: bigint): boolean => bits(e, 53, 53) === 1,
};
