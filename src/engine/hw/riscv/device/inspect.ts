import { join } from '../../../../lib/u64';
import type { FaultRecordView, QueueEntryView, QueueView, RegisterView, UnitView } from '../../common/view';
import type { UnitSummary } from '../../unit';
import {
  commandName,
  decodeCommand,
  decodeFault,
  decodePageRequest,
  decodeRegister,
  faultLine,
} from '../describe';
import {
  cap,
  CAPABILITIES,
  CQB,
  CQCSR,
  CQH,
  CQT,
  CQ_CMD_ILL,
  CQ_CMD_TO,
  DDTP,
  DDTP_MODE_MASK,
  FQB,
  FQCSR,
  FQH,
  FQT,
  IOCOUNTOVF,
  IOHPMCTR,
  IOHPMEVT,
  MSI_CFG_TBL,
  MSI_ENTRY_BYTES,
  PQB,
  PQCSR,
  PQH,
  PQT,
  QUEUE_MF,
  QUEUE_OF,
  QUEUE_ON,
  REGISTERS,
  TR_REQ_IOVA,
  TR_RESPONSE,
} from '../regs';
import { COMMAND_BYTES, FAULT_BYTES, PAGE_REQUEST_BYTES } from '../structs';
import type { RiscvIommu } from './device';
import { entryFrame, queueEntries } from './faults';
import { viewCaches } from './inspect-caches';
import { PlainPort, READ_OK, UnitMemory } from './memory';

/** How the kernel names the unit's platform device. */
const DEVICE = '3010000.iommu';
/** Entries of a queue that are shown. */
const SHOWN = 32;

/** Everything a unit holds, for people. Changes nothing and leaves no trace. */
export function viewRiscv(device: RiscvIommu, name = DEVICE): UnitView {
  return {
    registers: viewRegisters(device),
    queues: viewQueues(device),
    caches: viewCaches(device),
    faults: viewFaults(device, name),
  };
}

/** How much of it a canvas shows. */
export function summarizeRiscv(device: RiscvIommu): UnitSummary {
  const { state, commands } = device;
  const { capabilities } = state.config;
  return {
    enabled: (state.reg(DDTP) & DDTP_MODE_MASK) !== 0,
    addressBits: cap.sv57(capabilities) ? 57 : cap.sv48(capabilities) ? 48 : cap.sv39(capabilities) ? 39 : 32,
    queues: queues(device).map(({ title, base, head, tail }) => ({
      name: title,
      head: state.reg(head) >>> 0,
      tail: state.reg(tail) >>> 0,
      size: queueEntries(state.reg(base)),
    })),
    caches: viewCaches(device).map(({ id, name, sets, ways, entries }) => ({
      id,
      name,
      used: entries.length,
      size: sets * ways,
      stale: entries.filter((entry) => entry.stale).length,
    })),
    commands: commands.done,
  };
}

/** The table that serves a request by what is cached: of the first stage where there is one. Null: none. */
export function walkedRoot(device: RiscvIommu, rid: number, pasid: number): number | null {
  const dc = device.state.contexts.findDevice(rid);
  const pfn = dc < 0 ? null : device.translation.rootOf(dc, rid, pasid);
  return pfn === null ? null : pfn * 4096;
}

const READ_ONLY = new Set([CAPABILITIES, CQH, FQT, PQT, IOCOUNTOVF, TR_RESPONSE]);

function viewRegisters(device: RiscvIommu): readonly RegisterView[] {
  const { registers, state } = device;
  const { config } = state;
  const exists = (offset: number): boolean => {
    const counter = offset >= IOHPMCTR && offset < TR_REQ_IOVA;
    if (counter) return (offset - (offset < IOHPMEVT ? IOHPMCTR : IOHPMEVT)) >> 3 < state.counters.events;
    return offset < MSI_CFG_TBL || (offset - MSI_CFG_TBL) / MSI_ENTRY_BYTES < 1 << config.vectorBits;
  };
  return REGISTERS.filter(({ offset }) => exists(offset)).map(({ name, offset, bytes }) => {
    const value = bytes === 8 ? registers.read64(offset) : BigInt(registers.read32(offset) >>> 0);
    const fields = decodeRegister(name, value);
    return { name, offset, bytes, value, writable: !READ_ONLY.has(offset), fields };
  });
}

interface Queue {
  readonly title: string;
  readonly kind: QueueView['kind'];
  readonly base: number;
  readonly head: number;
  readonly tail: number;
  readonly csr: number;
  readonly bytes: number;
}

const COMMANDS: Queue = {
  title: 'Command queue',
  kind: 'commands',
  base: CQB,
  head: CQH,
  tail: CQT,
  csr: CQCSR,
  bytes: COMMAND_BYTES,
};
const FAULTS: Queue = {
  title: 'Fault queue',
  kind: 'events',
  base: FQB,
  head: FQH,
  tail: FQT,
  csr: FQCSR,
  bytes: FAULT_BYTES,
};
const PAGE_REQUESTS: Queue = {
  title: 'Page-request queue',
  kind: 'page-requests',
  base: PQB,
  head: PQH,
  tail: PQT,
  csr: PQCSR,
  bytes: PAGE_REQUEST_BYTES,
};

const queues = (device: RiscvIommu): readonly Queue[] =>
  cap.ats(device.state.config.capabilities) ? [COMMANDS, FAULTS, PAGE_REQUESTS] : [COMMANDS, FAULTS];

const viewQueues = (device: RiscvIommu): readonly QueueView[] =>
  queues(device).map((queue) => viewQueue(device, queue));

function viewQueue(device: RiscvIommu, queue: Queue): QueueView {
  const { state } = device;
  const size = queueEntries(state.reg(queue.base));
  return {
    name: queue.title,
    kind: queue.kind,
    basePa: state.regPpn(queue.base) * 4096,
    entryBytes: queue.bytes,
    size,
    head: state.reg(queue.head) >>> 0,
    tail: state.reg(queue.tail) >>> 0,
    enabled: (state.reg(queue.csr) & QUEUE_ON) !== 0,
    stopped: whyStopped(queue, state.reg(queue.csr)),
    entries: state.regPpn(queue.base) === 0 ? [] : entries(device, queue, size),
  };
}

function whyStopped(queue: Queue, csr: number): string | null {
  const letters = queue.kind === 'commands' ? 'cq' : queue.kind === 'events' ? 'fq' : 'pq';
  if ((csr & QUEUE_MF) !== 0) return `${letters}csr.${letters}mf: memory refused an access to the queue`;
  if (queue.kind === 'commands') {
    if ((csr & CQ_CMD_ILL) !== 0) return 'cqcsr.cmd_ill: the command at the head is illegal';
    return (csr & CQ_CMD_TO) !== 0 ? 'cqcsr.cmd_to: an invalidation timed out' : null;
  }
  return (csr & QUEUE_OF) !== 0 ? `${letters}csr.${letters}of: the queue was full` : null;
}

/** The latest entries before the tail, oldest first. */
function entries(device: RiscvIommu, queue: Queue, size: number): readonly QueueEntryView[] {
  const { state } = device;
  const head = state.reg(queue.head) >>> 0;
  const tail = state.reg(queue.tail) >>> 0;
  const waiting = (tail - head + size) % size;
  const count = Math.min(SHOWN, size - 1);
  const shown: QueueEntryView[] = [];
  for (let back = count; back > 0; back--) {
    const index = (tail - back + size * 2) % size;
    const words = readEntry(device, queue, index);
    const pending = back <= waiting;
    if (words === null || (!pending && words.every((word) => word === 0n))) continue;
    const pfn = entryFrame(state, queue.base, index, queue.bytes);
    const pa = pfn * 4096 + ((index * queue.bytes) % 4096);
    shown.push({
      index,
      pa,
      name: entryName(queue, words),
      words,
      fields: entryFields(queue, words),
      pending,
    });
  }
  return shown;
}

/** As the unit reads it, but past hazards. */
function readEntry(device: RiscvIommu, queue: Queue, index: number): readonly bigint[] | null {
  const { state } = device;
  const memory = new UnitMemory(new PlainPort(state.memory.port), cap.pas(state.config.capabilities), true);
  const pfn = entryFrame(state, queue.base, index, queue.bytes);
  const status = memory.read(pfn, (index * queue.bytes) % 4096, queue.bytes / 8, state.bigEndian);
  if (status !== READ_OK) return null;
  return Array.from({ length: queue.bytes / 8 }, (_, n) => join(memory.word(2 * n + 1), memory.word(2 * n)));
}

const entryName = (queue: Queue, words: readonly bigint[]): string =>
  queue.kind === 'commands'
    ? commandName(words)
    : queue.kind === 'events'
      ? decodeFault(words, 0).name
      : 'Page Request';

const entryFields = (queue: Queue, words: readonly bigint[]): QueueEntryView['fields'] =>
  queue.kind === 'commands'
    ? decodeCommand(words)
    : queue.kind === 'events'
      ? decodeFault(words, 0).fields
      : decodePageRequest(words);

/** Records that software has not taken yet. */
function viewFaults(device: RiscvIommu, name: string): readonly FaultRecordView[] {
  const { config } = device.state;
  return viewQueue(device, FAULTS)
    .entries.filter(({ pending }) => pending)
    .map(({ index, words }) => describeRecord(index, words, config.segment, name));
}

/** A record as people see it, wherever it was read from. */
export function describeRecord(
  index: number,
  words: readonly bigint[],
  segment: number,
  name = DEVICE,
): FaultRecordView {
  const { device, access, iova, reason, name: title, fields } = decodeFault(words, segment);
  const kernelLine = faultLine(words, name);
  return { index, device, access, iova, reason, name: title, words, fields, kernelLine };
}
