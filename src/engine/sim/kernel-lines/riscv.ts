import { hex } from '../../../lib/u64';
import * as reasons from '../../hw/riscv/reasons';
import { draft, message, type Draft, type Reading } from './draft';
import { hexNumber, hexValue } from './text';
import type { Fact } from './types';

/**
 * What drivers/iommu/riscv prints.
 *
 * Linux: drivers/iommu/riscv/iommu.c riscv_iommu_fault(), riscv_iommu_cmdq_process(), riscv_iommu_fltq_process()
 */
export const readRiscv = (text: string): Reading | null =>
  readFault(text) ?? readQueue(text) ?? readOther(text);

const riscv = (given: Omit<Parameters<typeof draft>[0], 'source'>): Draft =>
  draft({ source: 'RISC-V IOMMU', ...given });

function readFault(text: string): Reading | null {
  const found = /\bFault (\d+) devid: 0x([0-9a-f]+) iotval: ([0-9a-f]+)(?: iotval2: ([0-9a-f]+))?/i.exec(
    text,
  );
  if (found === null) {
    const cut = /\briscv\S*iommu.*\bFault (\d+) devid: 0x/i.exec(text);
    return cut === null ? null : message(faultOf(Number(cut[1]), null, [], null), { cut: true });
  }
  const [, cause = '', did = '', value = '', second] = found;
  const cut = second === undefined;
  const facts = second === undefined ? [] : secondValue(Number(cause), hexValue(second));
  return message(faultOf(Number(cause), did, facts, cut ? null : hexValue(value)), { cut });
}

function faultOf(cause: number, did: string | null, facts: Fact[], value: bigint | null): Draft {
  const isAddress = cause < 256 || (value !== null && value >= 0x100n);
  const made = riscv({
    kind: 'fault',
    title: reasons.causeName(cause),
    why: reasons.causeWhy(cause),
    reason: cause,
    device: did === null ? null : `devid ${hex(hexNumber(did))}`,
    access: accessOf(cause),
    iova: isAddress ? value : null,
    facts,
  });
  // The line does not tell which, and PCIe messages are refused for these causes as well.
  if (!isAddress && value !== null)
    made.facts.push({ name: 'iotval', value: `${hex(value)}: an address, or the code of a PCIe message` });
  if (did !== null) made.facts.push({ name: 'as a PCI function', value: pciName(hexNumber(did)) });
  return made;
}

/** Where device ids are PCI requester ids: segment above, as firmware numbers them. */
const pciName = (did: number): string => {
  const two = (value: number): string => value.toString(16).padStart(2, '0');
  const rid = did & 0xffff;
  return `${(did >>> 16).toString(16).padStart(4, '0')}:${two(rid >> 8)}:${two((rid >> 3) & 31)}.${rid & 7}`;
};

const EXECUTES = new Set([
  reasons.INSTRUCTION_ACCESS_FAULT,
  reasons.INSTRUCTION_PAGE_FAULT,
  reasons.INSTRUCTION_GUEST_PAGE_FAULT,
]);
const READS = new Set([
  reasons.READ_MISALIGNED,
  reasons.READ_ACCESS_FAULT,
  reasons.READ_PAGE_FAULT,
  reasons.READ_GUEST_PAGE_FAULT,
]);

/** The line does not tell the transaction's type; the first 24 causes have it in their name. */
function accessOf(cause: number): Draft['access'] {
  if (EXECUTES.has(cause)) return 'execute';
  if (READS.has(cause)) return 'read';
  return cause < 24 && reasons.DEFINED_CAUSES.includes(cause) ? 'write' : null;
}

/** Of guest-page faults: the guest-physical address, and two bits about the walk. */
function secondValue(cause: number, value: bigint): Fact[] {
  if (!reasons.isGuestPageFault(cause)) return value === 0n ? [] : [{ name: 'iotval2', value: hex(value) }];
  const implicit = (value & 1n) === 1n;
  return [
    { name: 'guest-physical', value: hex(value & ~3n) },
    {
      name: 'met by',
      value: !implicit
        ? 'the access itself'
        : (value & 2n) === 2n
          ? 'an update of a first-stage table'
          : 'a read of a first-stage table',
    },
  ];
}

const QUEUES = ['command queue', 'fault queue', 'page request queue'];
const FLAGS: Readonly<Record<string, string>> = {
  fault: 'an entry could not be read from memory',
  'memory fault': 'a record could not be written to memory',
  timeout: 'a command took too long',
  illegal: 'a command is not known',
  fence_w_ip: 'the interrupt of an IOFENCE.C waits',
  overflow: 'the queue was full, and records were lost',
};

function readQueue(text: string): Reading | null {
  const found = /\bQueue #(\d) error; ((?:[a-z_ ]+:[01] ?)+)/.exec(text);
  if (found === null) return null;
  const flags = [...(found[2] ?? '').matchAll(/([a-z_]+(?: [a-z_]+)?):([01])/g)];
  const set = flags.filter((each) => each[2] === '1').flatMap((each) => FLAGS[each[1] ?? ''] ?? []);
  const made = riscv({
    kind: 'error',
    title: `Error of the ${QUEUES[Number(found[1])] ?? `queue ${found[1]}`}`,
    why: set.join('; ') || 'no flag tells what it was',
  });
  for (const [, name = '', value = ''] of flags) made.facts.push({ name, value });
  return message(made);
}

const OTHER: readonly (readonly [RegExp, string, string])[] = [
  [
    /Hardware error: command execution timeout/,
    'Command timeout',
    'the IOMMU did not finish its commands in time',
  ],
  [/Hardware error: command enqueue failed/, 'Command queue stuck', 'the IOMMU takes no commands any more'],
  [
    /Hardware error: queue access timeout/,
    'Queue index out of range',
    'the IOMMU gave an index beyond its queue',
  ],
];

function readOther(text: string): Reading | null {
  if (!/riscv/i.test(text)) return null;
  const other = OTHER.find(([pattern]) => pattern.test(text));
  return other === undefined ? null : message(riscv({ kind: 'error', title: other[1], why: other[2] }));
}
