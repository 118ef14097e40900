import type { Field } from '../../hw/common/fields';

/** Who printed a line. `IOMMU core` prints for all of them. */
export type LineSource =
  'Intel VT-d' | 'AMD-Vi' | 'Arm SMMUv3' | 'Arm SMMUv2' | 'RISC-V IOMMU' | 'IOMMU core';

/** An entry, record, descriptor or register that a line shows, in the document's field names. */
export interface DecodedStructure {
  readonly name: string;
  /** 64-bit words, low first; one of 32 bits where `bytes` is 4. */
  readonly words: readonly bigint[];
  readonly bytes: 4 | 8;
  /** Of those words alone: a record that was cut has fewer. */
  readonly fields: readonly Field[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What one message of a kernel says. Plain data. */
export interface DecodedLine {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** How many lines of the text belong to it. */
  readonly lines: number;
  /** Its first line without time stamp and host; wrapped ones are joined. */
  readonly text: string;
  readonly source: LineSource;
  readonly kind: 'fault' | 'structure' | 'command' | 'error' | 'notice';
  readonly title: string;
  /** `0000:01:00.0`, `sid 0x100`, `devid 0x8`, a platform device's name; null where none is told. */
  readonly device: string | null;
  readonly access: 'read' | 'write' | 'execute' | null;
  readonly iova: bigint | null;
  readonly pasid: number | null;
  /** The hardware's own number for why. */
  readonly reason: number | null;
  /** In plain words: one sentence without its full stop. */
  readonly why: string;
  readonly facts: readonly Fact[];
  readonly structures: readonly DecodedStructure[];
}

export interface KernelLines {
  readonly decoded: readonly DecodedLine[];
  /** Lines of an IOMMU that are not understood. Whatever speaks of no IOMMU is in neither list. */
  readonly unknown: readonly { readonly line: number; readonly text: string }[];
  /** Lines of IOMMUs that were not read, or are not listed: there are too many. */
  readonly more: number;
}
