import {
  MRIF_ACCESS_FAULT,
  MRIF_CORRUPT,
  READ_ACCESS_FAULT,
  WRITE_ACCESS_FAULT,
  WRITE_MISALIGNED,
} from '../reasons';
import { READ_FAULT, READ_OK } from './memory';
import type { UnitState } from './unit';

/** seteipnum_le and seteipnum_be: where an interrupt file takes messages. */
const SETEIPNUM_LE = 0;
const SETEIPNUM_BE = 4;
const MAX_IDENTITY = 2047;

/** Where a message to a memory-resident interrupt file goes. */
export interface MrifTarget {
  readonly pfn: number;
  readonly offset: number;
  /** Where the notice is sent, and its number. */
  readonly noticePfn: number;
  readonly nid: number;
}

/**
 * Stores a message into a memory-resident interrupt file: its pending bit is set, and where it is enabled a notice is sent.
 * 0, or the cause of a fault.
 *
 * Spec: RISC-V AIA, chapter "IOMMU Support for MSIs to Virtual Machines", section "Memory-resident interrupt files"; this
 * document, causes 264 and 271
 *
 * A file is 32 pairs of little-endian doublewords: pending bits, then enable bits. An access that is no message — not a
 * write of four bytes to one of the two places — is refused: the document leaves it open.
 */
export function storeMessage(unit: UnitState, target: MrifTarget, inPage: number, data: Uint8Array): number {
  if (data.length === 0) return READ_ACCESS_FAULT;
  if (inPage % 4 !== 0) return WRITE_MISALIGNED;
  if (data.length !== 4 || (inPage !== SETEIPNUM_LE && inPage !== SETEIPNUM_BE)) return WRITE_ACCESS_FAULT;
  const view = new DataView(data.buffer, data.byteOffset, 4);
  const identity = view.getUint32(0, inPage === SETEIPNUM_LE);
  // There is no interrupt 0, and none beyond the file: such messages are dropped.
  if (identity === 0 || identity > MAX_IDENTITY) return 0;
  const { memory } = unit;
  const offset = target.offset + (identity >>> 6) * 16;
  const status = memory.read(target.pfn, offset, 2, false);
  if (status !== READ_OK) return status === READ_FAULT ? MRIF_ACCESS_FAULT : MRIF_CORRUPT;
  const half = (identity >>> 5) & 1;
  const bit = 1 << (identity & 31);
  const pending = new Int32Array([memory.word(0), memory.word(1)]);
  const enabled = (memory.word(2 + half) & bit) !== 0;
  pending[half] = (pending[half] as number) | bit;
  if (!memory.write(target.pfn, offset, pending, false)) return MRIF_ACCESS_FAULT;
  if (enabled && !memory.write32(target.noticePfn, 0, target.nid, false)) return MRIF_ACCESS_FAULT;
  return 0;
}
