import {
  ATS_GLOBAL,
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_TRANSLATED,
  ATS_UNTRANSLATED_ONLY,
  COMPLETION,
  EXECUTE,
  FAULTED,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  REASON,
  WRITE,
  type Access,
} from '../../engine/hw/port';
import type { RiscvIommu } from '../../engine/hw/riscv/device/device';
import { napot } from '../../engine/hw/riscv/device/registers';
import {
  FROM_CXL,
  MSI_FILE,
  MSI_MRIF,
  OUT_CXL_IO,
  OUT_IOTVAL2_HI,
  OUT_IOTVAL2_LO,
  OUT_MRIF_HI,
  OUT_MRIF_LO,
  OUT_MRIF_NID,
  OUT_MSI,
  OUT_PBMT,
} from '../../engine/hw/riscv/device/translation';
import { formatPair } from './hex';
import type { Answer } from './riscv-rig';

/** A request of the I/O bridge. */
export interface RequestWords {
  readonly did: number;
  readonly hi: number;
  readonly lo: number;
  /** `u`ntranslated, `t`ranslated, `a`: ATS translation request. */
  readonly at: string;
  readonly write: boolean;
  /** -1: none. */
  readonly pid: number;
  readonly privileged: boolean;
  readonly execute: boolean;
  readonly noWrite: boolean;
  readonly cxl: boolean;
}

/** Puts a request to the model and says what came of it; a string: it cannot be made. */
export function request(device: RiscvIommu, words: RequestWords): Answer | string {
  const kind = { u: 0, t: ATS_TRANSLATED, a: ATS_REQUEST }[words.at];
  if (kind === undefined) return 'at: u, t or a';
  const access = kind | asked(words) | (words.privileged ? PRIVILEGED : 0);
  const extra = words.cxl ? FROM_CXL : 0;
  const status = device.translation.request(words.did, words.hi, words.lo, access, words.pid, extra);
  const out = device.translation.out;
  const of = (slot: number): number => out[slot] as number;
  const cause = of(REASON);
  const fault =
    cause === 0
      ? {}
      : {
          cause,
          iotval: formatPair(words.hi, words.lo),
          iotval2: formatPair(of(OUT_IOTVAL2_HI), of(OUT_IOTVAL2_LO)),
        };
  if (status === FAULTED) return { st: of(COMPLETION), ...fault };
  const msi = of(OUT_MSI);
  return {
    st: 0,
    ...fault,
    ppn: napot(of(PA_HI), of(PA_LO), of(ATS_SIZE_LG2)).toString(16),
    s: of(ATS_SIZE_LG2) > 12 ? 1 : 0,
    pbmt: of(OUT_PBMT),
    msi: msi & MSI_FILE,
    mrif: (msi & MSI_MRIF) !== 0 ? 1 : 0,
    ...((msi & MSI_MRIF) !== 0 ? mrif(of(OUT_MRIF_HI), of(OUT_MRIF_LO), of(OUT_MRIF_NID)) : {}),
    ...(words.at === 'a' ? { ats: grants(of(ATS_GRANTS), of(OUT_CXL_IO)) } : {}),
  };
}

/** Bits 46:32 of an address. */
const MRIF_ADDR_HI = 0x7fff;

/**
 * Where a memory-resident interrupt file is, and what tells of it. `mrif_addr` is what the protocol's recorded peer says: it
 * computes the address in the 47 bits of its table field, and loses bits 55:47. `mrif_pa` is the whole address.
 *
 * Spec: section "MSI page tables", MRIF mode: MRIF Address[55:9]
 */
const mrif = (hi: number, lo: number, nid: number): Answer => ({
  mrif_addr: formatPair(hi & MRIF_ADDR_HI, lo),
  mrif_pa: formatPair(hi, lo),
  mrif_nid: nid,
});

/** ATS requests are reads that may ask for more. */
function asked(words: RequestWords): Access {
  const execute = words.execute ? EXECUTE : 0;
  const direction = words.write ? WRITE : READ;
  if (words.at === 'a') return direction | execute | (words.noWrite ? 0 : WRITE);
  return words.write ? WRITE : READ | execute;
}

const grants = (bits: number, cxlio: number): Answer => {
  const bit = (mask: number): number => ((bits & mask) !== 0 ? 1 : 0);
  return {
    r: bit(READ),
    w: bit(WRITE),
    x: bit(EXECUTE),
    u: bit(ATS_UNTRANSLATED_ONLY),
    g: bit(ATS_GLOBAL),
    priv: bit(PRIVILEGED),
    cxlio,
    n: 0,
    ama: 0,
  };
};
