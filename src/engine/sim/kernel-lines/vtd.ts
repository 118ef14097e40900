import {
  decodeDescriptor,
  decodePageRequest,
  decodeRegister,
  descriptorName,
  queueError,
} from '../../hw/vtd/describe';
import { reasonName, reasonWhy } from '../../hw/vtd/reasons';
import { hex } from '../../../lib/u64';
import { draft, message, part, structure, type Draft, type Reading } from './draft';
import { fullBdf, hexNumber, hexValue, SEGMENT } from './text';
import { readVtdTables, VTD_FAULT } from './vtd-tables';
import { readVtdTrace } from './vtd-trace';

/**
 * What drivers/iommu/intel prints.
 *
 * Linux: drivers/iommu/intel/dmar.c dmar_fault_do_one(), dmar_fault(), qi_dump_fault(), alloc_iommu(),
 * dmar_table_print_dmar_entry(); prq.c handle_bad_prq_event(); iommu.c device_rmrr_is_relaxable(), rmrr_sanity_check()
 */
export const readVtd = (text: string): Reading | null =>
  readFault(text) ?? readQueue(text) ?? readVtdTables(text) ?? readVtdTrace(text) ?? readOther(text);

const vtd = (given: Omit<Parameters<typeof draft>[0], 'source'>): Draft =>
  draft({ source: 'Intel VT-d', ...given });

const ACCESS = /(?:DMAR|dmar)[:\s]*(?:DMAR:)?\s*\[DMA (Read|Write)/;
const INTERRUPT = /INTR-REMAP[\]:]*\s*Request device/;
const DEVICE = /Request device \[{1,2}((?:0x)?[0-9a-f]{2}:(?:0x)?[0-9a-f]{2}\.[0-7])\]/i;
const REASON = /\[fault reason (0x)?([0-9a-f]{1,3})\]\s*(.*)$/i;

/**
 * A primary fault. In eight forms: with and without PASID, reasons as `0x06` or as decimal `06`, addresses and functions
 * with and without 0x, and on two lines.
 */
function readFault(text: string): Reading | null {
  const access = ACCESS.exec(text);
  const interrupt = INTERRUPT.test(text);
  if (access === null && !interrupt) return readReasonAlone(text);
  const device = fullBdf(DEVICE.exec(text)?.[1] ?? '');
  const address = /fault (?:addr|index) (?:0x)?([0-9a-f]{1,16})(?=\s*\[)/i.exec(text)?.[1];
  const pasid = /PASID (?:0x)?([0-9a-f]{1,8})(?=[\s\]])/i.exec(text)?.[1];
  const reason = REASON.exec(text);
  const made = vtd({
    kind: 'fault',
    title: interrupt ? 'Interrupt refused' : 'DMA refused',
    why: 'the line ends before the reason',
    device,
    facts: device === null ? [] : [SEGMENT],
    access: access === null ? null : access[1] === 'Read' ? 'read' : 'write',
    iova: interrupt || address === undefined ? null : hexValue(address),
    // All ones: the kernel had none to print.
    pasid: pasid === undefined || hexNumber(pasid) > 0xf_ffff ? null : hexNumber(pasid),
  });
  const last = reason === null ? /fault (?:addr|index) (?:0x)?([0-9a-f]{1,16})$/i.exec(text)?.[1] : undefined;
  if (last !== undefined) made.facts.push({ name: LAST, value: hex(hexValue(last)) });
  if (interrupt && address !== undefined)
    made.facts.push({ name: 'interrupt index', value: hex(hexValue(address)) });
  const rest = reason === null ? null : addReason(made, reason);
  const cut = reason === null || device === null || address === undefined;
  return message(made, { key: VTD_FAULT, cut, ...(rest !== null && { rest }) });
}

/** It may have lost digits, unless the next line goes on as kernels before 4.2 do. */
const LAST = 'as far as the line goes';

/** Kernels before 4.2 break the line before the reason. */
function readReasonAlone(text: string): Reading | null {
  const reason = /^(?:(?:DMAR|dmar|INTR-REMAP)[:\s]*)?\[fault reason/.test(text) ? REASON.exec(text) : null;
  if (reason === null) return null;
  return part(
    VTD_FAULT,
    (open) => {
      addReason(open, reason);
      const last = open.facts.find(({ name }) => name === LAST);
      if (last === undefined) return;
      open.facts = open.facts.filter((fact) => fact !== last);
      if (open.access === null) open.facts.push({ name: 'interrupt index', value: last.value });
      else open.iova = hexValue(last.value);
    },
    () => vtd({ kind: 'fault', title: '', why: '' }),
    (open) => open.reason === null,
  );
}

/** What of the reason's name is still to come, where the line ends within it. */
function addReason(open: Draft, [, prefix, digits = '', printed = '']: RegExpExecArray): string | null {
  const number = reasonNumber(digits, prefix !== undefined, printed);
  const name = reasonName(number);
  open.reason = number;
  open.title = name === 'Unknown' ? `Reason ${hex(number)}, which the kernel has no name for` : name;
  open.why =
    name === 'Unknown' && reasonWhy(number) === name
      ? 'the kernel has no name for this reason'
      : reasonWhy(number);
  return printed !== '' && printed.length < name.length && name.startsWith(printed)
    ? name.slice(printed.length).trim()
    : null;
}

/** `%02d` until 5.13, `0x%02x` since. A distribution may have had either first: the name tells when they differ. */
function reasonNumber(digits: string, isHex: boolean, printed: string): number {
  const first = parseInt(digits, isHex ? 16 : 10);
  const other = parseInt(digits, 16);
  if (isHex || printed === '' || Number.isNaN(other)) return first;
  const fits = (number: number): boolean => reasonName(number).startsWith(printed);
  return (Number.isNaN(first) || !fits(first)) && fits(other) ? other : Number.isNaN(first) ? other : first;
}

const QUEUE = 'vtd-queue';
const ERRORS: Readonly<Record<string, string>> = {
  Queue: 'the unit met a descriptor that it cannot do, and stopped its invalidation queue there',
  'Time-out': 'a device did not complete an invalidation of its own translations in time',
  Completion: 'a device sent a completion of an invalidation that nobody had asked it for',
};

function readQueue(text: string): Reading | null {
  const error =
    /VT-d detected Invalidation (Queue|Time-out|Completion) Error: (Reason|SID) ([0-9a-f]+)/i.exec(text);
  if (error !== null) return message(queueErrorOf(error), { key: QUEUE });
  const old = /VT-d detected invalid descriptor: low=([0-9a-f]+), high=([0-9a-f]+)/i.exec(text);
  const head = /QI (HEAD|PRIOR): .*?qw0 = 0x([0-9a-f]+), qw1 = 0x([0-9a-f]+)/i.exec(text);
  const [, which = 'HEAD', low = '', high = ''] = old === null ? (head ?? []) : ['', 'HEAD', old[1], old[2]];
  if (old !== null || head !== null)
    return part(
      QUEUE,
      (open) => addDescriptor(open, which, [hexValue(low), hexValue(high)]),
      descriptorAlone,
    );
  const request = /(dmar\d+): Invalid page request: ([0-9a-f]{8,16}) ([0-9a-f]{8,16})/i.exec(text);
  if (request !== null) return message(invalidPageRequest(request));
  const cleared = /Invalidation (Queue|Time-out|Completion) Error \((?:IQE|ITE|ICE)\) cleared/.exec(text);
  if (cleared === null) return null;
  const what = cleared[1] ?? '';
  return message(
    vtd({
      kind: 'notice',
      title: `Invalidation ${what} Error cleared`,
      why: 'the driver cleared the error, and the queue goes on',
    }),
  );
}

function queueErrorOf([, what = '', field, digits = '0']: RegExpExecArray): Draft {
  const value = hexNumber(digits);
  const made = vtd({ kind: 'error', title: `Invalidation ${what} Error`, why: ERRORS[what] ?? '' });
  if (field === 'Reason') {
    made.reason = value;
    made.why = value === 0 ? made.why : queueError(value);
  } else if (value !== 0) {
    made.device = bdfOfSource(value);
    made.facts.push(SEGMENT);
  } else made.facts.push({ name: 'source', value: 'this unit does not tell which device' });
  return made;
}

const bdfOfSource = (rid: number): string => {
  const two = (value: number): string => value.toString(16).padStart(2, '0');
  return `0000:${two((rid >> 8) & 0xff)}:${two((rid >> 3) & 0x1f)}.${rid & 7}`;
};

const descriptorAlone = (): Draft =>
  vtd({
    kind: 'command',
    title: 'Invalidation descriptor',
    why: 'what stood in the invalidation queue when it failed',
  });

function addDescriptor(open: Draft, which: string, words: readonly bigint[]): void {
  const name = descriptorName(Number((words[0] ?? 0n) & 0xfn));
  const place = which === 'HEAD' ? 'at the head' : 'the one before';
  open.structures.push(structure(`${name}, ${place}`, words, decodeDescriptor(words)));
}

function invalidPageRequest([, unit = '', low = '', high = '']: RegExpExecArray): Draft {
  const words = [hexValue(low), hexValue(high)];
  const [first = 0n, second = 0n] = words;
  const pasid = ((first >> 8n) & 1n) === 1n ? Number((first >> 32n) & 0xf_ffffn) : null;
  return vtd({
    kind: 'error',
    title: 'Invalid page request',
    why: 'the driver answers a page request of this kind with a refusal',
    device: bdfOfSource(Number((first >> 16n) & 0xffffn)),
    access: ((second >> 1n) & 1n) === 1n ? 'write' : (second & 1n) === 1n ? 'read' : null,
    iova: second & ~0xfffn,
    pasid,
    facts: [SEGMENT, { name: 'unit', value: unit }],
    structures: [structure('page request', words, decodePageRequest(words))],
  });
}

const STATUS = /DRHD: handling fault status reg ([0-9a-f]{1,8})/i;

function readOther(text: string): Reading | null {
  const status = STATUS.exec(text);
  if (status !== null) {
    const value = hexValue(status[1] ?? '0');
    const fields = decodeRegister('FSTS', value);
    const set = fields.filter((field) => field.value === 1n && /^\d$/.test(field.bits));
    return message(
      vtd({
        kind: 'notice',
        title: 'Fault interrupt',
        why: set.map((field) => field.meaning).join('; ') || 'the unit raised its fault interrupt',
        structures: [structure('Fault Status Register', [value], fields, 4)],
      }),
    );
  }
  const unit = /(dmar\d+): reg_base_addr ([0-9a-f]+) ver (\d+:\d+) cap ([0-9a-f]+) ecap ([0-9a-f]+)/i.exec(
    text,
  );
  return unit === null ? null : message(unitOf(unit));
}

function unitOf([, name = '', base = '', version = '', cap = '', ecap = '']: RegExpExecArray): Draft {
  const register = (title: string, id: string, digits: string) =>
    structure(title, [hexValue(digits)], decodeRegister(id, hexValue(digits)));
  return vtd({
    kind: 'notice',
    title: `Unit ${name}`,
    why: 'a remapping unit as firmware tells of it, and what it can do',
    facts: [
      { name: 'registers at', value: hex(hexValue(base)) },
      { name: 'version', value: version.replace(':', '.') },
    ],
    structures: [
      register('Capability Register', 'CAP', cap),
      register('Extended Capability Register', 'ECAP', ecap),
    ],
  });
}
