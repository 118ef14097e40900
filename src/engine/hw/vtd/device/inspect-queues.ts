import { addressOf } from '../../../../lib/u64';
import { shortBdf } from '../../common/bdf';
import type { QueueEntryView, QueueView } from '../../common/view';
import { decodeDescriptor, decodePageRequest, descriptorName, queueError } from '../describe';
import {
  FSTS,
  FSTS_IQE,
  FSTS_ITE,
  GSTS,
  IQA,
  IQER,
  IQH,
  IQT,
  PQA,
  PQH,
  PQT,
  PRS,
  PRS_PRO,
  QIE,
} from '../regs';
import { PAGE_REQUEST_BYTES } from '../structs';
import type { VtdDevice } from './device';
import { PAGE_QUEUE_MASK } from './page-requests';
import { PATH_OFF } from './unit';

const MOST_ENTRIES = 32;

/** The rings that the unit shares with its driver. */
export function viewQueues(device: VtdDevice): readonly QueueView[] {
  const invalidations = invalidationQueue(device);
  return device.state.config.pageRequests ? [invalidations, pageRequestQueue(device)] : [invalidations];
}

function invalidationQueue(device: VtdDevice): QueueView {
  const { state, queue } = device;
  const entryBytes = queue.descriptorBytes;
  const ring: Ring = {
    basePa: addressOf(state.reg(IQA + 4), state.reg(IQA) & ~0xfff),
    entryBytes,
    size: queue.sizeBytes / entryBytes,
    head: Math.floor((state.reg(IQH) >>> 0) / entryBytes),
    tail: Math.floor((state.reg(IQT) >>> 0) / entryBytes),
  };
  return {
    name: 'Invalidation queue',
    kind: 'commands',
    ...ring,
    enabled: (state.reg(GSTS) & QIE) !== 0,
    stopped: stoppedBy(device),
    entries: entriesOf(device, ring, (words) => ({
      name: descriptorName(Number((words[0] ?? 0n) & 0xfn)),
      fields: decodeDescriptor(words),
    })),
  };
}

function stoppedBy({ state }: VtdDevice): string | null {
  const status = state.reg(FSTS);
  if ((status & FSTS_IQE) !== 0) return `IQE: ${queueError(state.reg(IQER) & 0xf)}`;
  if ((status & FSTS_ITE) === 0) return null;
  return `ITE: ${shortBdf(state.reg(IQER + 4) & 0xffff)} did not answer an invalidation`;
}

function pageRequestQueue(device: VtdDevice): QueueView {
  const { state, pages } = device;
  const ring: Ring = {
    basePa: addressOf(state.reg(PQA + 4), state.reg(PQA) & ~0xfff),
    entryBytes: PAGE_REQUEST_BYTES,
    size: pages.sizeBytes / PAGE_REQUEST_BYTES,
    head: (state.reg(PQH) & PAGE_QUEUE_MASK) / PAGE_REQUEST_BYTES,
    tail: (state.reg(PQT) & PAGE_QUEUE_MASK) / PAGE_REQUEST_BYTES,
  };
  return {
    name: 'Page request queue',
    kind: 'page-requests',
    ...ring,
    enabled: state.path !== PATH_OFF && ring.basePa !== 0,
    stopped: (state.reg(PRS) & PRS_PRO) === 0 ? null : 'PRO: the queue was full',
    entries: entriesOf(device, ring, (words) => ({ name: 'Page Request', fields: decodePageRequest(words) })),
  };
}

interface Ring {
  readonly basePa: number;
  readonly entryBytes: number;
  readonly size: number;
  readonly head: number;
  readonly tail: number;
}

function entriesOf(
  device: VtdDevice,
  ring: Ring,
  describe: (words: readonly bigint[]) => Pick<QueueEntryView, 'name' | 'fields'>,
): readonly QueueEntryView[] {
  const { size, head, tail, basePa, entryBytes } = ring;
  const pendingCount = (tail - head + size) % size;
  const found: QueueEntryView[] = [];
  for (let back = Math.min(MOST_ENTRIES, size - 1); back >= 1; back--) {
    const index = (((tail - back) % size) + size) % size;
    const pa = basePa + index * entryBytes;
    const words = wordsAt(device, pa, entryBytes);
    const pending = back <= pendingCount;
    // Places that were never used.
    if (words === null || (!pending && words.every((word) => word === 0n))) continue;
    found.push({ index, pa, words, pending, ...describe(words) });
  }
  return found;
}

function wordsAt(device: VtdDevice, pa: number, bytes: number): readonly bigint[] | null {
  const { memory } = device.state;
  const words: bigint[] = [];
  for (let at = 0; at < bytes; at += 8) {
    const [lo, hi] = [memory.load32(pa + at), memory.load32(pa + at + 4)];
    if (lo === null || hi === null) return null;
    words.push((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
  }
  return words;
}
