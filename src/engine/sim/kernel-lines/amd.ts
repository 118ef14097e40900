import { decodeCommand, decodeDte, commandName } from '../../hw/amd/describe';
import { decodeEvent } from '../../hw/amd/describe-events';
import { decodeRegister } from '../../hw/amd/describe-registers';
import {
  COMMAND_HARDWARE_ERROR,
  DEV_TAB_HARDWARE_ERROR,
  eventName,
  ILLEGAL_COMMAND_ERROR,
  ILLEGAL_DEV_TABLE_ENTRY,
  INVALID_DEVICE_REQUEST,
  INVALID_PPR_REQUEST,
  IO_PAGE_FAULT,
  IOTLB_INV_TIMEOUT,
  PAGE_TAB_HARDWARE_ERROR,
  reasonOf,
  reasonWhy,
} from '../../hw/amd/reasons';
import { CONTROL, EFR, EFR2 } from '../../hw/amd/regs';
import { EVENT_GN, EVENT_I, EVENT_RW, EVENT_TR } from '../../hw/amd/structs';
import { addWord, draft, message, part, structure, type Draft, type Reading } from './draft';
import { fullBdf, hexOf, hexValue, isShortBdf, pairs, SEGMENT } from './text';
import type { DecodedStructure, Fact } from './types';

/**
 * What drivers/iommu/amd prints.
 *
 * Linux: drivers/iommu/amd/iommu.c iommu_print_event(), amd_iommu_report_page_fault(), dump_dte_entry(), dump_command(),
 * dump_command_buffer(), wait_on_sem(); debugfs.c
 */
export const readAmd = (text: string): Reading | null =>
  readEvent(text) ?? readDump(text) ?? readDebugfs(text) ?? readOther(text);

const amd = (given: Omit<Parameters<typeof draft>[0], 'source'>): Draft =>
  draft({ source: 'AMD-Vi', ...given });

const EVENT = 'amd-event';
const CODES: ReadonlyMap<string, number> = new Map(
  [
    ILLEGAL_DEV_TABLE_ENTRY,
    IO_PAGE_FAULT,
    DEV_TAB_HARDWARE_ERROR,
    PAGE_TAB_HARDWARE_ERROR,
    ILLEGAL_COMMAND_ERROR,
    COMMAND_HARDWARE_ERROR,
    IOTLB_INV_TIMEOUT,
    INVALID_DEVICE_REQUEST,
    INVALID_PPR_REQUEST,
  ].map((code) => [eventName(code), code]),
);
/** Of machines with SEV-SNP. Linux: EVENT_TYPE_RMP_FAULT, EVENT_TYPE_RMP_HW_ERR */
const RMP: Readonly<Record<string, string>> = {
  RMP_PAGE_FAULT:
    'the page belongs to another owner by the reverse map table, which guards the memory of guests',
  RMP_HW_ERROR: 'the reverse map table, which guards the memory of guests, could not be read',
};

/** Events of the command queue name no request; the others are about one. */
const FLAGLESS = new Set([ILLEGAL_COMMAND_ERROR, IOTLB_INV_TIMEOUT]);

function readEvent(text: string): Reading | null {
  if (!/AMD-Vi:.*Event logged/.test(text)) return null;
  if (text.includes('Device not attached to domain properly'))
    return message(
      amd({
        kind: 'fault',
        title: 'Device not attached to domain properly',
        why: 'the device has no domain any more, or none yet, and so no address is mapped for it',
        device: prefixDevice(text),
      }),
      { key: EVENT },
    );
  const name = /Event logged \[([A-Z_]+)/.exec(text)?.[1] ?? '';
  if (name === 'UNKNOWN') return readUnknownEvent(text);
  const code = CODES.get(name);
  if (code === undefined && !(name in RMP))
    return /Event logged(?: \[[A-Z_]*)?$/.test(text) ? cutEvent(text) : null;
  const complete = text.includes(']');
  const values = pairs(text, '=', !complete);
  return message(eventOf(text, name, code ?? null, values), { key: EVENT, cut: !complete });
}

function eventOf(
  text: string,
  name: string,
  code: number | null,
  values: ReadonlyMap<string, string>,
): Draft {
  const flags = hexOf(values.get('flags'));
  const device = values.get('device');
  const full = device === undefined ? prefixDevice(text) : fullBdf(device);
  const why = RMP[name] ?? whyOf(code ?? 0, flags);
  const fault =
    name in RMP || code === IO_PAGE_FAULT || code === INVALID_DEVICE_REQUEST || code === INVALID_PPR_REQUEST;
  const made = amd({
    kind: fault || code === ILLEGAL_DEV_TABLE_ENTRY ? 'fault' : 'error',
    title: name,
    why,
    device: full,
    reason:
      code === null || (flags === null && !FLAGLESS.has(code)) ? null : reasonOf(code, Number(flags ?? 0n)),
    access: accessOf(code, flags),
    iova: addressOf(code, values),
    pasid: pasidOf(code, flags, values),
    facts: factsOf(code, values),
  });
  if (device !== undefined && isShortBdf(device)) made.facts.push(SEGMENT);
  if (code !== null && flags !== null && code !== INVALID_PPR_REQUEST)
    made.structures.push(flagsOf(code, flags));
  return made;
}

/** `xhci_hcd 0000:45:00.1: AMD-Vi: …`; `iommu ivhd0:` is the unit itself. */
const prefixDevice = (text: string): string | null =>
  fullBdf(/(?:^|\s)([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): AMD-Vi:/i.exec(text)?.[1] ?? '');

function whyOf(code: number, flags: bigint | null): string {
  if (flags !== null || FLAGLESS.has(code) || code === INVALID_PPR_REQUEST)
    return reasonWhy(reasonOf(code, Number(flags ?? 0n)));
  return 'the line ends before the flags, which tell why';
}

/** RW says nothing of translation requests and interrupts, and hardware errors of the queue have none. */
function accessOf(code: number | null, flags: bigint | null): Draft['access'] {
  if (flags === null || code === null || code > PAGE_TAB_HARDWARE_ERROR) return null;
  const bits = Number(flags);
  if ((bits & (EVENT_TR | EVENT_I)) !== 0) return null;
  return (bits & EVENT_RW) !== 0 ? 'write' : 'read';
}

/** Of some events it is a physical address: of a table, or of a command. */
const PHYSICAL: Readonly<Record<number, string>> = {
  [DEV_TAB_HARDWARE_ERROR]: 'device table entry at',
  [PAGE_TAB_HARDWARE_ERROR]: 'table entry at',
  [ILLEGAL_COMMAND_ERROR]: 'command at',
  [COMMAND_HARDWARE_ERROR]: 'command at',
  [IOTLB_INV_TIMEOUT]: 'command at',
};

function addressOf(code: number | null, values: ReadonlyMap<string, string>): bigint | null {
  if (code !== null && code in PHYSICAL) return null;
  return hexOf(values.get('address') ?? values.get('gpa'));
}

/** Of a page fault the kernel calls it `domain` even where GN says that it is a PASID, of which it prints 16 bits. */
function pasidOf(
  code: number | null,
  flags: bigint | null,
  values: ReadonlyMap<string, string>,
): number | null {
  const guest = flags !== null && (Number(flags) & EVENT_GN) !== 0;
  const digits = hexOf(values.get(code === IO_PAGE_FAULT ? 'domain' : 'pasid'));
  if (digits === null || (!guest && code !== INVALID_PPR_REQUEST)) return null;
  return Number(digits);
}

function factsOf(code: number | null, values: ReadonlyMap<string, string>): Fact[] {
  const facts: Fact[] = [];
  const tell = (name: string, value: string | undefined): void => {
    if (value !== undefined) facts.push({ name, value });
  };
  tell('domain', values.get('domain'));
  if (code !== null && code in PHYSICAL) tell(PHYSICAL[code] ?? '', values.get('address'));
  for (const name of ['pasid', 'tag', 'vmg_tag', 'spa', 'flags_rmp']) tell(name, values.get(name));
  return facts;
}

/** The flags lie in bits 59:48 of a record; here they are counted from 0. */
function flagsOf(code: number, flags: bigint): DecodedStructure {
  const record = (BigInt(code) << 60n) | (flags << 48n);
  const fields = decodeEvent([record, 0n]).flatMap((field) => {
    const bits = field.bits.split(':').map(Number);
    if (bits.some((bit) => bit < 48 || bit > 59)) return [];
    return [{ ...field, bits: bits.map((bit) => bit - 48).join(':') }];
  });
  return structure('flags', [flags], fields, 4);
}

function readUnknownEvent(text: string): Reading {
  const words = [...text.matchAll(/event\[[0-3]\]=0x([0-9a-f]{8})/gi)].map((each) => hexValue(each[1] ?? ''));
  const [a = 0n, b = 0n, c = 0n, d = 0n] = words;
  const made = amd({ kind: 'error', title: 'UNKNOWN', why: 'an event that this kernel does not know' });
  if (words.length === 4) {
    const record = [a | (b << 32n), c | (d << 32n)];
    made.structures.push(structure('event log entry', record, decodeEvent(record)));
  }
  return message(made, { key: EVENT, cut: words.length < 4 });
}

const cutEvent = (text: string): Reading =>
  message(
    amd({
      kind: 'error',
      title: 'Event logged',
      why: 'the line ends before the name of the event',
      device: prefixDevice(text),
    }),
    { key: EVENT, cut: true },
  );

const alone = (): Draft =>
  amd({ kind: 'structure', title: 'Device table entry', why: 'as the hardware reads it' });

function readDump(text: string): Reading | null {
  const dte = /AMD-Vi: DTE\[([0-3])\]: ([0-9a-f]{16})/i.exec(text);
  if (dte !== null)
    return part(
      EVENT,
      (open) => void addWord(open, 'device table entry', Number(dte[1]), hexValue(dte[2] ?? ''), decodeDte),
      alone,
    );
  const command = /AMD-Vi: CMD\[([0-3])\]: ([0-9a-f]{8})/i.exec(text);
  if (command !== null)
    return part(
      EVENT,
      (open) => addCommandWord(open, Number(command[1]), hexValue(command[2] ?? '')),
      () => amd({ kind: 'command', title: 'Command', why: 'a command as the hardware read it' }),
    );
  const control = /AMD-Vi: Control Reg : 0x([0-9a-f]+)/i.exec(text);
  if (control !== null) {
    const value = hexValue(control[1] ?? '');
    const register = structure('Control Register', [value], decodeRegister(CONTROL, value));
    return part(
      EVENT,
      (open) => void open.structures.push(register),
      () => amd({ kind: 'structure', title: 'Control Register', why: 'what is switched on' }),
    );
  }
  const attached = /AMD-Vi:\s+device=(\S+) domain=(0x[0-9a-f]+)/i.exec(text);
  if (attached === null) return null;
  return part(
    EVENT,
    (open) => {
      open.device ??= fullBdf(attached[1] ?? '');
      open.facts.push({ name: 'domain', value: attached[2] ?? '' });
    },
    () =>
      amd({
        kind: 'fault',
        title: 'Device not attached to domain properly',
        why: 'the device has no domain',
      }),
    (open) => open.title === 'Device not attached to domain properly' && open.facts.length === 0,
  );
}

/** Four words of 32 bits, printed one a line. */
function addCommandWord(open: Draft, index: number, word: bigint): void {
  const name = 'CMD';
  const fact = { name: `${name}[${index}]`, value: `0x${word.toString(16).padStart(8, '0')}` };
  open.facts.push(fact);
  const words = [0, 1, 2, 3].map((n) => open.facts.findLast((each) => each.name === `${name}[${n}]`)?.value);
  if (index !== 3 || words.includes(undefined)) return;
  const [a = 0n, b = 0n, c = 0n, d = 0n] = words.map((each) => hexValue(each ?? ''));
  open.facts = open.facts.filter((each) => !each.name.startsWith(`${name}[`));
  open.structures.push(commandOf([a | (b << 32n), c | (d << 32n)], null));
}

function commandOf(words: readonly bigint[], place: number | null): DecodedStructure {
  const name = commandName(Number(((words[0] ?? 0n) >> 60n) & 0xfn));
  return structure(place === null ? name : `${name}, entry ${place}`, words, decodeCommand(words));
}

const BUFFER = 'amd-commands';
/** Commands that are shown of a buffer. */
const MOST_COMMANDS = 48;

/** The command buffer as dump_command_buffer() and debugfs print it, and device table entries of debugfs. */
function readDebugfs(text: string): Reading | null {
  const buffer = /CMD Buffer [Hh]ead(?: Offset:|=)(\d+) [Tt]ail(?: Offset:|=)(\d+)/.exec(text);
  if (buffer !== null) {
    const made = amd({ kind: 'command', title: 'Command buffer', why: 'the commands that stood in memory' });
    made.facts.push({ name: 'head', value: buffer[1] ?? '' }, { name: 'tail', value: buffer[2] ?? '' });
    return message(made, { key: BUFFER });
  }
  const row = /^(?:AMD-Vi:)?\s*(\d{1,4}): ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})$/i.exec(
    text,
  );
  if (row !== null) {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = row.slice(2).map(hexValue);
    const words = [a | (b << 32n), c | (d << 32n)];
    const add = (open: Draft): void => {
      if ((a | b | c | d) !== 0n && open.structures.length < MOST_COMMANDS)
        open.structures.push(commandOf(words, Number(row[1])));
    };
    return { kind: 'part', key: BUFFER, add, alone: () => null };
  }
  const entry = /^([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])((?: [0-9a-f]{16}){4}) iommu(\d+)/i.exec(text);
  if (entry === null) return null;
  const words = (entry[2] ?? '').trim().split(' ').map(hexValue).reverse();
  const made = alone();
  made.device = fullBdf(entry[1] ?? '');
  made.structures.push(structure('device table entry', words, decodeDte(words)));
  return message(made);
}

const OTHER: readonly (readonly [RegExp, Draft['kind'], string, string])[] = [
  [
    /Completion-Wait loop timed out/,
    'error',
    'Completion-Wait loop timed out',
    'the unit did not finish its commands in time: it hangs, or a device does not answer an invalidation',
  ],
  [
    /Command buffer timeout/,
    'error',
    'Command buffer timeout',
    'the command buffer stayed full: the unit takes no commands any more',
  ],
  [
    /No event written to event log/,
    'error',
    'No event written',
    'the unit moved the tail of its event log without writing an entry',
  ],
  [
    /IOMMU (?:Event|PPR|GA) log (?:overflow|restarting)/i,
    'error',
    'Log restarted',
    'events were lost: the log was full, and the driver started it again',
  ],
];

function readOther(text: string): Reading | null {
  if (!text.includes('AMD-Vi:')) return null;
  const known = OTHER.find(([pattern]) => pattern.test(text));
  if (known !== undefined) {
    const made = amd({ kind: known[1], title: known[2], why: known[3] });
    const unit = /\bIOMMU ([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/i.exec(text)?.[1];
    if (unit !== undefined) made.facts.push({ name: 'unit', value: unit });
    return message(made);
  }
  const features = /Extended features \((0x[0-9a-f]+)(?:, (0x[0-9a-f]+))?\)/i.exec(text);
  if (features === null) return null;
  const made = amd({
    kind: 'notice',
    title: 'Extended features',
    why: 'what the units of this machine can do',
  });
  for (const [n, digits] of features.slice(1).entries()) {
    if (digits === undefined) continue;
    const value = hexValue(digits);
    const name = n === 0 ? 'Extended Feature Register' : 'Extended Feature Register 2';
    made.structures.push(structure(name, [value], decodeRegister(n === 0 ? EFR : EFR2, value)));
  }
  return message(made);
}
