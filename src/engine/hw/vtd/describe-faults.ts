import { hex } from '../../../lib/u64';
import { formatBdf, shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import { NO_PASID } from '../port';
import { isInterruptReason, reasonName } from './reasons';

/**
 * Fault records taken apart for people, and what the kernel prints for them.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, section 11.4.7.6 "Fault Recording Registers"
 */
const RECORD: readonly FieldRow[] = [
  defineField('FI', 63, 12, address(12n, 'page at')),
  defineField('SID', 79, 64, (value) => `source ${shortBdf(Number(value))}`),
  flag('T2', 92, 'AtomicOp, or page request without T1', 'no AtomicOp'),
  flag('PRIV', 93, 'privileged', 'unprivileged'),
  flag('EXE', 94, 'to execute', 'not to execute'),
  flag('PP', 95, 'with a PASID', 'without a PASID'),
  defineField('FR', 103, 96, (value) => reasonName(Number(value))),
  defineField('PASID', 123, 104, (value) => `PASID ${hex(value)}`),
  defineField(
    'AT',
    125,
    124,
    (value) => ['untranslated', 'translation request', 'translated', 'reserved'][Number(value)] ?? '',
  ),
  flag('T1', 126, 'read', 'write'),
  flag('F', 127, 'a fault', 'empty'),
];
const INTERRUPT_INDEX = defineField('FI', 63, 48, (value) => `interrupt index ${value}`);

/** A fault recording register, as the world shows it (index apart). */
export interface DecodedFault {
  readonly device: string;
  readonly access: 'read' | 'write';
  /** Absent: the request carried none. */
  readonly pasid?: number;
  readonly iova: bigint;
  readonly reason: number;
  readonly name: string;
  readonly words: readonly bigint[];
  readonly fields: readonly Field[];
  readonly kernelLine: string;
}

const reasonOf = (words: readonly bigint[]): number => Number(((words[1] ?? 0n) >> 32n) & 0xffn);

export function faultFields(words: readonly bigint[]): readonly Field[] {
  const [, ...rest] = RECORD;
  return decode(words, isInterruptReason(reasonOf(words)) ? [INTERRUPT_INDEX, ...rest] : RECORD);
}

export function decodeFault(words: readonly bigint[], segment: number): DecodedFault {
  const low = words[0] ?? 0n;
  const high = words[1] ?? 0n;
  const rid = Number(high & 0xffffn);
  const reason = reasonOf(words);
  const access = ((high >> 62n) & 1n) === 1n ? 'read' : 'write';
  const pasid = ((high >> 31n) & 1n) === 1n ? Number((high >> 40n) & 0xf_ffffn) : NO_PASID;
  const iova = low & ~0xfffn;
  return {
    device: formatBdf(segment, rid),
    access,
    ...(pasid === NO_PASID ? {} : { pasid }),
    iova,
    reason,
    name: reasonName(reason),
    words,
    fields: faultFields(words),
    kernelLine: faultLine(rid, access, iova, reason, pasid),
  };
}

/** What the kernel prints for a fault. Linux: drivers/iommu/intel/dmar.c dmar_fault_do_one() */
export function faultLine(
  rid: number,
  access: 'read' | 'write',
  iova: bigint,
  reason: number,
  pasid = NO_PASID,
): string {
  const code = `[fault reason 0x${reason.toString(16).padStart(2, '0')}] ${reasonName(reason)}`;
  const device = `Request device [${shortBdf(rid)}]`;
  if (namedAsInterrupt(reason)) return `DMAR: [INTR-REMAP] ${device} fault index ${hex(iova >> 48n)} ${code}`;
  const type = access === 'read' ? 'DMA Read' : 'DMA Write';
  const carried = pasid === NO_PASID ? 'NO_PASID' : `PASID ${hex(pasid)}`;
  return `DMAR: [${type} ${carried}] ${device} fault addr ${hex(iova)} ${code}`;
}

/** The kernel's table of interrupt reasons ends at 0x26. Linux: irq_remap_fault_reasons */
const namedAsInterrupt = (reason: number): boolean => isInterruptReason(reason) && reason <= 0x26;
