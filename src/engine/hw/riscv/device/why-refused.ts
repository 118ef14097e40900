import type { FaultEvent } from '../../../trace/event';
import type { WalkStep } from '../../common/view';
import { isPage } from '../describe';
import {
  causeWhy,
  INSTRUCTION_GUEST_PAGE_FAULT,
  INSTRUCTION_PAGE_FAULT,
  WRITE_GUEST_PAGE_FAULT,
} from '../reasons';
import { firstStageBits, secondStageBits } from '../structs';
import type { Service } from './service';

/** Of iotval2: the second stage refused to let a first-stage entry be marked. */
const IMPLICIT_WRITE = 3n;

/**
 * Why a request was refused: where the cause alone leaves it open, what the walk read tells more.
 *
 * `s`: how the requester is translated; null where that is not known any more.
 */
export function whyRefused(s: Service | null, fault: FaultEvent, steps: readonly WalkStep[]): string {
  const general = `${sentence(causeWhy(fault.reason))}.`;
  if (fault.reason < INSTRUCTION_PAGE_FAULT || fault.reason > WRITE_GUEST_PAGE_FAULT) return general;
  const guest = fault.reason >= INSTRUCTION_GUEST_PAGE_FAULT;
  // What the second stage read on the way to a process context is not about this address.
  const context = steps.findLastIndex((step) => step.kind === 'read' && step.structure !== 'table');
  const last = steps.slice(context + 1).findLast((step) => step.structure === 'table');
  if (!guest) return last === undefined ? notCanonical(s) : (whyByEntry(fault, last) ?? general);
  if (last !== undefined && last.stage !== 1) return whyByEntry(fault, last) ?? general;
  // The second stage was asked for an address, and read nothing.
  const iotval2 = fault.words?.[3] ?? null;
  if (iotval2 !== null && (iotval2 & 3n) === IMPLICIT_WRITE) {
    return 'The first-stage entry has to be marked with A or D, and the second stage does not let its table be written.';
  }
  return tooWide(s, iotval2);
}

function notCanonical(s: Service | null): string {
  const none = 'No table is read for it.';
  if (s?.firstLevels === 2) return `The address does not fit the 32 bits that Sv32 translates. ${none}`;
  if (s === null || s.firstLevels === 0)
    return `The address is not canonical: the bits above those that are translated are not copies of the highest one. ${none}`;
  const bits = firstStageBits(s.firstLevels);
  return `The address is not canonical: in Sv${bits}, bits 63 to ${bits} are copies of bit ${bits - 1}, and here they are not. ${none}`;
}

function tooWide(s: Service | null, iotval2: bigint | null): string {
  const gpa = iotval2 === null ? '' : ` 0x${(iotval2 & ~3n).toString(16)}`;
  if (s === null || s.secondLevels === 0)
    return `The guest physical address${gpa} does not fit the second stage.`;
  const bits = secondStageBits(s.secondLevels);
  return `The guest physical address${gpa} does not fit the ${bits} bits that Sv${bits - 2}x4 translates.`;
}

/** What is wrong with the entry that was read last, in the order of the document; null: nothing to be seen in it. */
function whyByEntry(fault: FaultEvent, last: WalkStep): string | null {
  const word = last.words[0] ?? 0n;
  const stage = last.stage === null ? '' : last.stage === 1 ? 'first-stage ' : 'second-stage ';
  if ((word & 1n) === 0n)
    return `Nothing is mapped at ${whoseAddress(last)}: the ${stage}level ${last.level} entry has V = 0.`;
  const malformed = `The ${stage}level ${last.level} entry is malformed.`;
  if (!isPage(word)) return malformed;
  const [bit, doing] = wanted(fault, last);
  if ((word & bit) === 0n)
    return `The page is mapped, but not for ${doing}: the ${stage}entry does not allow it.`;
  if ((word & 0x10n) === 0n && isOfUser(fault, last))
    return `The ${stage}entry has U = 0: the page is not one for users, and the request is one of a user.`;
  if (last.allows === undefined) return malformed;
  if ((word & 0x40n) === 0n) return `The ${stage}entry has A = 0, and hardware may not set it.`;
  if (fault.access === 'write' && !ofTable(last) && (word & 0x80n) === 0n)
    return `The ${stage}entry has D = 0, and hardware may not set it.`;
  return null;
}

/** Of a second-stage entry for a first-stage table: the hardware reads there, whatever the device does. */
const ofTable = (last: WalkStep): boolean => last.stage === 2 && last.forLevel !== 0;

/** The permission that an entry had to give. */
function wanted({ reason, access }: FaultEvent, last: WalkStep): readonly [bigint, string] {
  if (ofTable(last)) return [2n, 'reading'];
  const execute = reason === INSTRUCTION_PAGE_FAULT || reason === INSTRUCTION_GUEST_PAGE_FAULT;
  if (execute) return [8n, 'executing'];
  return access === 'write' ? [4n, 'writing'] : [2n, 'reading'];
}

/** The second stage takes everybody for a user. PRIV is bit 33 of the record. */
const isOfUser = (fault: FaultEvent, last: WalkStep): boolean =>
  last.stage === 2 ||
  fault.reason >= INSTRUCTION_GUEST_PAGE_FAULT ||
  (((fault.words?.[0] ?? 0n) >> 33n) & 1n) === 0n;

const whoseAddress = (last: WalkStep): string =>
  last.stage !== 2
    ? 'this IOVA'
    : last.forLevel === 0
      ? 'the guest physical address of the page'
      : `the guest physical address of the first-stage table of level ${last.forLevel ?? 0}`;

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
