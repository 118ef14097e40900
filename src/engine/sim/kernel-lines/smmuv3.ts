import { hex } from '../../../lib/u64';
import { decode, defineField, flag, type Field, type FieldRow } from '../../hw/common/fields';
import { commandName, decodeCommand, decodeEvent } from '../../hw/smmuv3/describe';
import * as reasons from '../../hw/smmuv3/reasons';
import * as r from '../../hw/smmuv3/regs';
import { addWord, draft, message, part, structure, type Draft, type Reading } from './draft';
import { fullBdf, hexNumber, hexOf, hexValue, pairs } from './text';

/**
 * What drivers/iommu/arm/arm-smmu-v3 prints.
 *
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_event(), arm_smmu_gerror_handler(),
 * __arm_smmu_cmdq_skip_err(), arm_smmu_handle_ppr()
 */
export function readSmmuV3(text: string): Reading | null {
  const printed = /\barm-smmu-v3 (\S+): ?(.*)$/.exec(text);
  if (printed === null) return null;
  const [, unit = '', said = ''] = printed;
  return (
    readEvent(unit, said) ??
    readCommandError(unit, said) ??
    readPageRequest(unit, said) ??
    readOther(unit, said)
  );
}

const smmu = (unit: string, given: Omit<Parameters<typeof draft>[0], 'source'>): Draft =>
  draft({ source: 'Arm SMMUv3', ...given, facts: [{ name: 'unit', value: unit }, ...(given.facts ?? [])] });

const RECORD = 'event record';
/** Lines of several units may come mixed: each goes on with its own. */
const eventOf = (unit: string): string => `smmuv3-event ${unit}`;
const commandOf = (unit: string): string => `smmuv3-command ${unit}`;

const NUMBERS: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 0x40 }, (_, id): [string, number] => [reasons.reasonName(id), id]),
);

function readEvent(unit: string, said: string): Reading | null {
  const raw = /^event 0x([0-9a-f]{2}) received:/i.exec(said);
  if (raw !== null) {
    const id = hexNumber(raw[1] ?? '');
    const made = smmu(unit, { kind: 'fault', title: titleOf(id), why: reasons.reasonWhy(id), reason: id });
    return message(made, { key: eventOf(unit) });
  }
  const word = /^\s*0x([0-9a-f]{16})$/i.exec(said);
  if (word !== null) return readWord(unit, hexValue(word[1] ?? ''));
  const event = /^event: ([A-Z_]+)(?:\s|$)/.exec(said);
  if (event !== null) return readDecoded(unit, event[1] ?? '', said);
  const access =
    /^(un)?priv (inst|data) (read|write) s([12]) "([^"]*)"( ttd_read| ttd_write)?( stall)?(?: stag: (0x[0-9a-f]+|0))?/i.exec(
      said,
    );
  return access === null ? null : readAccess(unit, access);
}

const titleOf = (id: number): string => {
  const name = reasons.reasonName(id);
  return name === 'UNKNOWN' ? `Event ${hex(id)}, which the document does not name` : name;
};

/** A word of an event record, or of the command that was skipped: whichever of the two began last is not yet whole. */
function readWord(unit: string, word: bigint): Reading {
  return {
    kind: 'part',
    key: commandOf(unit),
    fits: (open) => open.facts.some(({ value }) => value === SKIPS) && wordsOf(open, COMMAND) < 2,
    add: (open) => addCommand(open, word),
    alone: () => null,
    orElse: {
      kind: 'part',
      key: eventOf(unit),
      fits: (open) => wordsOf(open, RECORD) < 4 && open.reason !== null,
      add: (open) => addRecordWord(open, word),
      alone: () => null,
    },
  };
}

const wordsOf = (open: Draft, name: string): number =>
  open.structures.find((each) => each.name === name)?.words.length ?? 0;

/** What of the event's fields is known as soon as its words are. */
function addRecordWord(open: Draft, word: bigint): void {
  const words = addWord(open, RECORD, wordsOf(open, RECORD), word, decodeEvent);
  const field = (name: string): bigint | null =>
    open.structures.find((each) => each.name === RECORD)?.fields.find((each) => each.name === name)?.value ??
    null;
  if (words.length === 1) {
    open.device ??= `sid ${hex((word >> 32n) & 0xffff_ffffn)}`;
    if (field('SSV') === 1n) open.pasid = Number(field('SubstreamID'));
  }
  const reads = field('RnW');
  if (words.length === 2 && reads !== null)
    open.access = field('InD') === 1n ? 'execute' : reads === 1n ? 'read' : 'write';
  if (words.length === 3) open.iova = field('InputAddr');
}

/** 6.16 and later print this after the words; before, the words were all. */
function readDecoded(unit: string, name: string, said: string): Reading {
  const client = /client: (\([^)]*\)|\S+)/.exec(said)?.[1] ?? null;
  const id = NUMBERS.get(name) ?? null;
  const values = pairs(
    said.replace(/client: (?:\([^)]*\)|\S+)/, ''),
    ': ',
    !/(?:ipa|fetch_addr): \S+$|ssid: \S+$/.test(said),
  );
  const add = (open: Draft): void => {
    if (client !== null && !client.startsWith('(')) open.device = fullBdf(client) ?? client;
    else if (client !== null)
      open.facts.push({ name: 'client', value: 'no device of this kernel has the StreamID' });
    for (const key of ['sid', 'ssid', 'iova', 'ipa', 'fetch_addr']) {
      const value = hexOf(values.get(key));
      if (value === null) continue;
      if (key === 'iova') open.iova = value;
      else if (key === 'sid') open.device ??= `sid ${hex(value)}`;
      // Zero stands for no SubstreamID as well.
      if (key === 'ssid' && value !== 0n) open.pasid = Number(value);
      if (key !== 'iova') open.facts.push({ name: WORDS[key] ?? key, value: hex(value) });
    }
  };
  const empty = (): Draft =>
    smmu(unit, {
      kind: 'fault',
      title: id === null ? name : titleOf(id),
      why:
        id === null || name === 'UNKNOWN'
          ? 'an event that this kernel has no name for'
          : reasons.reasonWhy(id),
      reason: name === 'UNKNOWN' ? null : id,
    });
  const cut =
    id !== null && reasons.isTranslationFault(id)
      ? !/ipa: \S+$/.test(said)
      : !/sid: \S+ ssid: \S+/.test(said);
  const fits = (open: Draft): boolean =>
    wordsOf(open, RECORD) === 4 && !open.facts.some(({ name: each }) => each === 'StreamID');
  return { ...part(eventOf(unit), add, empty, fits), cut };
}

const WORDS: Readonly<Record<string, string>> = {
  sid: 'StreamID',
  ssid: 'SubstreamID',
  ipa: 'IPA',
  fetch_addr: 'read at',
};

function readAccess(unit: string, found: RegExpExecArray): Reading {
  const [, unprivileged, kind, access, stage, cls = '', table, stall, stag] = found;
  return part(
    eventOf(unit),
    (open) => {
      open.access ??= kind === 'inst' ? 'execute' : access === 'read' ? 'read' : 'write';
      open.facts.push({
        name: 'privilege',
        value: unprivileged === undefined ? 'privileged' : 'unprivileged',
      });
      open.facts.push({ name: 'stage', value: stage ?? '' }, { name: 'class', value: cls });
      if (table !== undefined)
        open.facts.push({ name: 'table was', value: table.includes('read') ? 'read' : 'written' });
      if (stall !== undefined) open.facts.push({ name: 'stalled', value: 'it waits for CMD_RESUME' });
      if (stag !== undefined) open.facts.push({ name: 'STAG', value: stag });
    },
    () =>
      smmu(unit, {
        kind: 'fault',
        title: 'Access of an event',
        why: 'the second line of an event: the first was not pasted',
      }),
    (open) => !open.facts.some(({ name }) => name === 'class'),
  );
}

const COMMAND = 'command';
const SKIPS = 'the driver puts a CMD_SYNC in place of the command';
const CERRORS: Readonly<Record<number, readonly [string, string]>> = {
  [r.CERROR_NONE]: ['No error', 'the queue stopped, and its register tells no error'],
  [r.CERROR_ILL]: [
    'Illegal command',
    'the queue stopped at a command that this SMMU does not know, or cannot do',
  ],
  [r.CERROR_ABT]: ['Abort on command fetch', 'the command could not be read from memory'],
  [r.CERROR_ATC_INV_SYNC]: [
    'ATC invalidate timeout',
    'a device did not complete an invalidation of its own translations in time: CMD_SYNC gave up',
  ],
};

function readCommandError(unit: string, said: string): Reading | null {
  const error = /^CMDQ error \(cons 0x([0-9a-f]{8})\)/i.exec(said);
  if (error !== null) {
    const cons = hexValue(error[1] ?? '');
    const code = (Number(cons) >>> r.CMDQ_CONS_ERR_SHIFT) & 0x7f;
    const [name, why] = CERRORS[code] ?? ['Unknown', 'an error that the document does not name'];
    const made = smmu(unit, { kind: 'error', title: `Command queue error: ${name}`, why, reason: code });
    made.structures.push(structure('CMDQ_CONS', [cons], decode([cons], CONS), 4));
    return message(made, { key: commandOf(unit) });
  }
  if (!/^(?:skipping command in error state|retrying command fetch)/.test(said)) return null;
  const skips = said.startsWith('skipping');
  return part(
    commandOf(unit),
    (open) =>
      open.facts.push({
        name: 'then',
        value: skips ? SKIPS : 'the driver has the command fetched again',
      }),
    () =>
      smmu(unit, {
        kind: 'error',
        title: 'Command queue error',
        why: 'the command queue stopped at a command',
      }),
  );
}

function addCommand(open: Draft, word: bigint): void {
  const words = addWord(open, COMMAND, wordsOf(open, COMMAND), word, decodeCommand);
  if (words.length === 1) open.facts.push({ name: 'command', value: commandName(Number(word & 0xffn)) });
}

const CONS: readonly FieldRow[] = [
  defineField('RD', 19, 0, (value) => `index ${value}, with its wrap bit`),
  defineField('ERR', 30, 24, (value) => CERRORS[Number(value)]?.[0] ?? 'reserved'),
];

function readPageRequest(unit: string, said: string): Reading | null {
  if (said.startsWith('unexpected PRI request received:')) {
    const made = smmu(unit, {
      kind: 'error',
      title: 'Page request refused',
      why: 'a device asked for a page, and this kernel answers none: it refuses with an invalid request',
    });
    return message(made, { key: `smmuv3-pri ${unit}` });
  }
  const request =
    /^\s*sid 0x([0-9a-f]{8})\.0x([0-9a-f]{5}): \[(\d+)(L?)\] (un)?privileged (R?W?X?) access at iova 0x([0-9a-f]{16})/i.exec(
      said,
    );
  if (request === null) return null;
  const [, sid = '', ssid = '', group = '', last, unprivileged, letters = '', iova = ''] = request;
  return part(
    `smmuv3-pri ${unit}`,
    (open) => {
      open.device = `sid ${hex(hexValue(sid))}`;
      // Zero stands for no SubstreamID as well.
      if (hexNumber(ssid) !== 0) open.pasid = hexNumber(ssid);
      open.access = letters.includes('W')
        ? 'write'
        : letters.includes('X')
          ? 'execute'
          : letters === ''
            ? null
            : 'read';
      open.iova = hexValue(iova);
      open.facts.push({ name: 'group', value: `${group}${last === 'L' ? ', its last' : ''}` });
      open.facts.push({
        name: 'privilege',
        value: unprivileged === undefined ? 'privileged' : 'unprivileged',
      });
      open.facts.push({ name: 'asks for', value: letters === '' ? 'nothing' : [...letters].join(' ') });
    },
    () => smmu(unit, { kind: 'error', title: 'Page request refused', why: 'a device asked for a page' }),
    (open) => open.iova === null,
  );
}

const GERROR: readonly FieldRow[] = [
  flag('CMDQ_ERR', 0, 'the command queue stopped at an error', 'no command error'),
  flag('EVENTQ_ABT_ERR', 2, 'an event could not be written', 'events could be written'),
  flag('PRIQ_ABT_ERR', 3, 'a page request could not be written', 'page requests could be written'),
  flag('MSI_CMDQ_ABT_ERR', 4, 'the message of a CMD_SYNC was refused', 'CMD_SYNC messages arrived'),
  flag(
    'MSI_EVENTQ_ABT_ERR',
    5,
    'the interrupt message for events was refused',
    'interrupt messages for events arrived',
  ),
  flag(
    'MSI_PRIQ_ABT_ERR',
    6,
    'the interrupt message for page requests was refused',
    'interrupt messages for page requests arrived',
  ),
  flag(
    'MSI_GERROR_ABT_ERR',
    7,
    'the interrupt message for errors was refused',
    'interrupt messages for errors arrived',
  ),
  flag('SFM_ERR', 8, 'Service Failure Mode: the SMMU gave up', 'no Service Failure Mode'),
];
export const globalErrorFields = (active: bigint): readonly Field[] => decode([active], GERROR);

/** What follows a global error, one line a bit, and lines that stand alone. */
const OTHER: readonly (readonly [RegExp, string, string])[] = [
  [
    /^device has entered Service Failure Mode/,
    'Service Failure Mode',
    'the SMMU met an error of its own and lets nothing pass any more',
  ],
  [
    /^(?:GERROR|PRIQ|EVTQ|CMDQ) MSI write aborted/,
    'Interrupt message lost',
    'memory refused the SMMU’s own interrupt message',
  ],
  [
    /^(?:PRIQ|EVTQ) write aborted/,
    'Record lost',
    'memory refused a record of the SMMU: events may have been lost',
  ],
  [
    /^EVTQ overflow detected/,
    'Event queue overflow',
    'more faults came than the driver could read: the others were lost',
  ],
  [
    /^PRIQ overflow detected/,
    'Page request queue overflow',
    'more page requests came than the driver could read: the others were lost',
  ],
  [
    /^CMD_SYNC timeout at/,
    'CMD_SYNC timeout',
    'the SMMU did not finish the commands before a CMD_SYNC in time',
  ],
  [
    /^CMDQ timeout/,
    'Command queue timeout',
    'the command queue stayed full: the SMMU takes no commands any more',
  ],
];

function readOther(unit: string, said: string): Reading | null {
  const global = /^unexpected global error reported \(0x([0-9a-f]{8})\)/i.exec(said);
  if (global !== null) {
    const active = hexValue(global[1] ?? '');
    const fields = globalErrorFields(active);
    const why = fields
      .filter((each) => each.value === 1n)
      .map((each) => each.meaning)
      .join('; ');
    const made = smmu(unit, {
      kind: 'error',
      title: 'Global error',
      why: why || 'the register names no error',
      reason: Number(active),
    });
    made.structures.push(structure('GERROR ^ GERRORN', [active], fields, 4));
    return message(made);
  }
  const other = OTHER.find(([pattern]) => pattern.test(said));
  return other === undefined ? null : message(smmu(unit, { kind: 'error', title: other[1], why: other[2] }));
}
