import { err, ok, type Result } from '../../../kernel/errno';
import { IDR0, IDR1, IDR3, IDR5, IIDR } from '../regs';
import { BATCH_ENTRIES } from './command-queue';
import type { DeviceLog } from './log';
import type { RegisterIo } from './register-io';
import { entriesLg2 } from './ring';

/** What a unit can do and the driver uses, with the kernel's bits. Linux: arm-smmu-v3.h ARM_SMMU_FEAT_* */
export const FEAT = {
  TWO_LVL_STRTAB: 1 << 0,
  TWO_LVL_CDTAB: 1 << 1,
  TT_LE: 1 << 2,
  TT_BE: 1 << 3,
  PRI: 1 << 4,
  ATS: 1 << 5,
  SEV: 1 << 6,
  MSI: 1 << 7,
  COHERENCY: 1 << 8,
  TRANS_S1: 1 << 9,
  TRANS_S2: 1 << 10,
  STALLS: 1 << 11,
  HYP: 1 << 12,
  STALL_FORCE: 1 << 13,
  VAX: 1 << 14,
  RANGE_INV: 1 << 15,
  BTM: 1 << 16,
  SVA: 1 << 17,
  E2H: 1 << 18,
  NESTING: 1 << 19,
  ATTR_TYPES_OVR: 1 << 20,
  HA: 1 << 21,
  HD: 1 << 22,
  S2FWB: 1 << 23,
  BBML2: 1 << 24,
} as const;

/** The processors that the driver runs on, as far as their tables can be shared with devices. */
export interface Cpu {
  /** It runs the kernel at EL2. Linux: ARM64_HAS_VIRT_HOST_EXTN */
  readonly vhe: boolean;
  /** Bits of a process's addresses. */
  readonly vaBits: number;
  /** Bits of its physical addresses, and of its ASIDs. */
  readonly paBits: number;
  readonly asidBits: number;
  /** Linux: system_supports_bbml2_noabort() */
  readonly bbml2: boolean;
}

export const DEFAULT_CPU: Cpu = { vhe: true, vaBits: 48, paBits: 44, asidBits: 16, bbml2: false };

/** What firmware says where it is asked rather than the unit; null: what the unit says. */
export interface Firmware {
  readonly coherent: boolean | null;
  /** IORT: HTTU override; 0 none, 1 access flags, 2 dirty state too. */
  readonly httu: 0 | 1 | 2 | null;
}

/** Linux: struct arm_smmu_device */
export interface SmmuCaps {
  readonly features: number;
  readonly msiPoll: boolean;
  readonly forceSync: boolean;
  readonly oas: number;
  /** log2 of each page size, ascending. */
  readonly pageSizesLg2: readonly number[];
  readonly asidBits: number;
  readonly vmidBits: number;
  readonly ssidBits: number;
  readonly sidBits: number;
  readonly cmdqShift: number;
  readonly evtqShift: number;
  readonly priqShift: number;
}

export const has = ({ features }: { readonly features: number }, feat: number): boolean =>
  (features & feat) !== 0;

const field = (word: number, high: number, low: number): number =>
  (word >>> low) & ((1 << (high - low + 1)) - 1);
const bit = (word: number, n: number): boolean => ((word >>> n) & 1) !== 0;

const STRTAB_SPLIT = 8;
const OAS = [32, 36, 40, 42, 44, 48, 52];

/** Linux: arm_smmu_device_hw_probe(). The checks are in its order. */
export function probeHardware(
  io: RegisterIo,
  log: DeviceLog,
  cpu: Cpu,
  firmware: Firmware,
): Result<SmmuCaps> {
  const idr0 = io.readl(IDR0);
  const coherent = firmware.coherent ?? bit(idr0, 4);
  const first = probeIdr0(idr0, log, cpu, firmware, coherent);
  if (!first.ok) return first;
  let features = first.value;
  const idr1 = io.readl(IDR1);
  // Tables or queues at fixed places.
  if (field(idr1, 30, 28) !== 0) return refuse(log, 'embedded implementation not supported');
  if (bit(idr1, 27)) features |= FEAT.ATTR_TYPES_OVR;
  const cmdqShift = entriesLg2(field(idr1, 25, 21), 4);
  if (2 ** cmdqShift <= BATCH_ENTRIES)
    return refuse(log, `command queue size <= ${BATCH_ENTRIES} entries not supported`);
  const sidBits = field(idr1, 5, 0);
  if (sidBits <= STRTAB_SPLIT) features &= ~FEAT.TWO_LVL_STRTAB;
  const idr3 = io.readl(IDR3);
  if (bit(idr3, 10)) features |= FEAT.RANGE_INV;
  if (bit(idr3, 8)) features |= FEAT.S2FWB;
  if (field(idr3, 12, 11) === 2) features |= FEAT.BBML2;
  const idr5 = io.readl(IDR5);
  if (field(idr5, 11, 10) === 1) features |= FEAT.VAX;
  const oas = outputSize(idr5, log);
  if ((features & FEAT.TRANS_S1) !== 0 && (features & FEAT.TRANS_S2) !== 0) features |= FEAT.NESTING;
  const errata = implementationErrata(io.readl(IIDR));
  features &= ~errata.lacks;
  const caps = {
    features,
    msiPoll: bit(idr0, 13) && coherent,
    forceSync: errata.forceSync,
    oas,
    pageSizesLg2: pageSizes(idr5, oas),
    asidBits: bit(idr0, 12) ? 16 : 8,
    vmidBits: bit(idr0, 18) ? 16 : 8,
    ssidBits: field(idr1, 10, 6),
    sidBits,
    cmdqShift,
    evtqShift: entriesLg2(field(idr1, 20, 16), 5),
    priqShift: entriesLg2(field(idr1, 15, 11), 4),
  };
  if (svaSupported(caps, cpu)) features |= FEAT.SVA;
  log('info', `oas ${oas}-bit (features 0x${features.toString(16).padStart(8, '0')})`);
  return ok({ ...caps, features });
}

function probeIdr0(
  idr0: number,
  log: DeviceLog,
  cpu: Cpu,
  firmware: Firmware,
  coherent: boolean,
): Result<number> {
  let features = coherent ? FEAT.COHERENCY : 0;
  if (field(idr0, 28, 27) === 1) features |= FEAT.TWO_LVL_STRTAB;
  if (bit(idr0, 19)) features |= FEAT.TWO_LVL_CDTAB;
  switch (field(idr0, 22, 21)) {
    case 0:
      features |= FEAT.TT_LE | FEAT.TT_BE;
      break;
    case 2:
      features |= FEAT.TT_LE;
      break;
    default:
      return refuse(log, 'unknown/unsupported TT endianness!');
  }
  if (bit(idr0, 16)) features |= FEAT.PRI;
  if (bit(idr0, 10)) features |= FEAT.ATS;
  if (bit(idr0, 14)) features |= FEAT.SEV;
  if (bit(idr0, 13)) features |= FEAT.MSI;
  if (bit(idr0, 9)) features |= FEAT.HYP | (cpu.vhe ? FEAT.E2H : 0);
  features |= accessAndDirty(idr0, log, firmware);
  if (bit(idr0, 4) !== coherent)
    log('warn', `IDR0.COHACC overridden by FW configuration (${String(coherent)})`);
  const stallModel = field(idr0, 25, 24);
  if (stallModel === 0 || stallModel === 2) features |= FEAT.STALLS;
  if (stallModel === 2) features |= FEAT.STALL_FORCE;
  if (bit(idr0, 1)) features |= FEAT.TRANS_S1;
  if (bit(idr0, 0)) features |= FEAT.TRANS_S2;
  if ((features & (FEAT.TRANS_S1 | FEAT.TRANS_S2)) === 0) return refuse(log, 'no translation support!');
  if ((field(idr0, 3, 2) & 2) === 0) return refuse(log, 'AArch64 table format not supported!');
  return ok(features);
}

/** Linux: arm_smmu_get_httu(): with ACPI the table counts, not the register. */
function accessAndDirty(idr0: number, log: DeviceLog, { httu }: Firmware): number {
  const bits = (level: number): number => (level >= 2 ? FEAT.HD | FEAT.HA : level === 1 ? FEAT.HA : 0);
  const offered = bits(Math.min(field(idr0, 7, 6), 2));
  if (httu === null) return offered;
  const told = bits(httu);
  if (told !== offered) {
    const words = `(0x${offered.toString(16)}) overridden by FW configuration (0x${told.toString(16)})`;
    log('warn', `IDR0.HTTU features${words}`);
  }
  return told;
}

function outputSize(idr5: number, log: DeviceLog): number {
  const oas = OAS[field(idr5, 2, 0)];
  if (oas === undefined) log('info', 'unknown output address size. Truncating to 48-bit');
  return oas ?? 48;
}

function pageSizes(idr5: number, oas: number): readonly number[] {
  const sizes = [
    ...(bit(idr5, 4) ? [12, 21, 30] : []),
    ...(bit(idr5, 5) ? [14, 25] : []),
    ...(bit(idr5, 6) ? [16, 29] : []),
    ...(oas === 52 ? [42] : []),
  ];
  return sizes.sort((a, b) => a - b);
}

/** Linux: arm_smmu_device_iidr_probe() */
function implementationErrata(iidr: number): { readonly lacks: number; readonly forceSync: boolean } {
  const [product, variant, revision] = [field(iidr, 31, 20), field(iidr, 19, 16), field(iidr, 15, 12)];
  const none = { lacks: 0, forceSync: false };
  if (field(iidr, 11, 0) !== 0x43b) return none;
  switch (product) {
    case 0x483:
      return {
        lacks: (variant === 0 && revision <= 2 ? FEAT.SEV : 0) | (variant < 2 ? FEAT.NESTING : 0),
        forceSync: false,
      };
    case 0x487:
      return variant < 1 || revision < 1
        ? { lacks: FEAT.BTM | FEAT.NESTING, forceSync: true }
        : { lacks: FEAT.BTM, forceSync: false };
    case 0x48a:
    case 0x498:
      return { lacks: FEAT.BTM, forceSync: false };
    default:
      return none;
  }
}

/** Linux: arm-smmu-v3-sva.c arm_smmu_sva_supported(), for pages of 4 KiB */
function svaSupported(
  caps: Pick<SmmuCaps, 'features' | 'pageSizesLg2' | 'oas' | 'asidBits'>,
  cpu: Cpu,
): boolean {
  if (cpu.vaBits === 52) return false;
  const needed = FEAT.COHERENCY | (cpu.bbml2 ? FEAT.BBML2 : 0);
  return (
    (caps.features & needed) === needed &&
    caps.pageSizesLg2.includes(12) &&
    caps.oas >= cpu.paBits &&
    caps.asidBits >= cpu.asidBits
  );
}

function refuse(log: DeviceLog, text: string): Result<never> {
  log('err', text);
  return err('ENXIO', text, { rule: 'arm_smmu_device_hw_probe' });
}
