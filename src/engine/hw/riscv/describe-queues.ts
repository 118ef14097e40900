import { hex } from '../../../lib/u64';
import { formatBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import { causeName, causeWhy, isGuestPageFault, ttypName } from './reasons';

/**
 * Commands and queue records of a RISC-V IOMMU, taken apart for people.
 *
 * Spec: RISC-V IOMMU Architecture Specification, chapter "In-memory queue interface"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const device = (value: bigint): string => `device ${hex(value)}`;

const NAMES: Readonly<Record<number, string>> = {
  1: 'IOTINVAL.VMA',
  [1 | (1 << 7)]: 'IOTINVAL.GVMA',
  2: 'IOFENCE.C',
  3: 'IODIR.INVAL_DDT',
  [3 | (1 << 7)]: 'IODIR.INVAL_PDT',
  4: 'ATS.INVAL',
  [4 | (1 << 7)]: 'ATS.PRGR',
};

/** The name of a command, by opcode and func3. */
export function commandName(words: readonly bigint[]): string {
  const low = Number((words[0] ?? 0n) & 0x3ffn);
  return NAMES[low] ?? `reserved opcode ${low & 0x7f} func3 ${low >>> 7}`;
}

const OPCODE: readonly FieldRow[] = [
  defineField('opcode', 6, 0, number('group')),
  defineField('func3', 9, 7, number('function')),
];

const OPERANDS: Readonly<Record<number, readonly FieldRow[]>> = {
  1: [
    flag('AV', 10, 'of one address', 'of every address'),
    defineField('PSCID', 31, 12, number('process')),
    flag('PSCV', 32, 'of one process', 'of every process'),
    flag('GV', 33, 'of one guest', 'of the host'),
    flag('NL', 34, 'tables too', 'leaf entries only, where an address is given'),
    defineField('GSCID', 59, 44, number('guest')),
    flag('S', 73, 'ADDR tells a range', 'ADDR is one page'),
    defineField('ADDR', 125, 74, address(12n, 'address')),
  ],
  2: [
    flag('AV', 10, 'DATA is written to ADDR', 'nothing is written'),
    flag('WSI', 11, 'interrupts by wire', 'no interrupt by wire'),
    flag('PR', 12, 'reads before it are ordered', 'reads are not ordered'),
    flag('PW', 13, 'writes before it are ordered', 'writes are not ordered'),
    defineField('DATA', 63, 32, (value) => `value ${hex(value)}`),
    defineField('ADDR', 125, 64, address(2n, 'written to')),
  ],
  3: [
    defineField('PID', 31, 12, number('process')),
    flag('DV', 33, 'of one device', 'of every device'),
    defineField('DID', 63, 40, device),
  ],
  4: [
    defineField('PID', 31, 12, number('PASID')),
    flag('PV', 32, 'with PASID', 'without PASID'),
    flag('DSV', 33, 'in segment DSEG', 'no segment'),
    defineField('RID', 55, 40, (value) => `requester ${hex(value)}`),
    defineField('DSEG', 63, 56, number('segment')),
    defineField('PAYLOAD', 127, 64, (value) => `body ${hex(value)}`),
  ],
};

export function decodeCommand(words: readonly bigint[]): readonly Field[] {
  const opcode = Number((words[0] ?? 0n) & 0x7fn);
  return decode(words, [...OPCODE, ...(OPERANDS[opcode] ?? [])]);
}

const FAULT: readonly FieldRow[] = [
  defineField('CAUSE', 11, 0, (value) => causeName(Number(value))),
  defineField('PID', 31, 12, number('process')),
  flag('PV', 32, 'with process_id', 'without process_id'),
  flag('PRIV', 33, 'supervisor', 'user'),
  defineField('TTYP', 39, 34, (value) => ttypName(Number(value))),
  defineField('DID', 63, 40, device),
  defineField('iotval', 191, 128, (value) => `address ${hex(value)}`),
];

export interface DecodedFault {
  readonly device: string;
  readonly access: 'read' | 'write' | null;
  readonly iova: bigint;
  readonly reason: number;
  readonly name: string;
  readonly why: string;
  /** -1: none. */
  readonly pasid: number;
  readonly words: readonly bigint[];
  readonly fields: readonly Field[];
}

/** A record of the fault queue: four doublewords. */
export function decodeFault(words: readonly bigint[], segment: number): DecodedFault {
  const [header = 0n, , iotval = 0n, iotval2 = 0n] = words;
  const reason = Number(header & 0xfffn);
  const ttyp = Number((header >> 34n) & 0x3fn);
  const guest = isGuestPageFault(reason);
  const implicit =
    (iotval2 & 1n) === 0n ? '' : `, ${(iotval2 & 2n) === 0n ? 'read' : 'written'} for the first stage`;
  const second = defineField('iotval2', 255, 192, (value) =>
    guest ? `guest physical address ${hex(value & ~3n)}${implicit}` : hex(value),
  );
  return {
    device: formatBdf(segment, Number((header >> 40n) & 0xffffn)),
    access: ttyp === 3 || ttyp === 7 ? 'write' : ttyp === 0 || ttyp >= 9 ? null : 'read',
    iova: iotval,
    reason,
    name: causeName(reason),
    why: causeWhy(reason),
    pasid: ((header >> 32n) & 1n) === 1n ? Number((header >> 12n) & 0xf_ffffn) : -1,
    words,
    fields: decode(words, [...FAULT, second]),
  };
}

/** What the kernel prints for a record; `name`: of the unit's platform device. Linux: drivers/iommu/riscv/iommu.c riscv_iommu_fault() */
export function faultLine(words: readonly bigint[], name = '3010000.iommu'): string {
  const [header = 0n, , iotval = 0n, iotval2 = 0n] = words;
  const device = (header >> 40n).toString(16);
  const text = `Fault ${header & 0xfffn} devid: 0x${device} iotval: ${iotval.toString(16)} iotval2: ${iotval2.toString(16)}`;
  return `riscv,iommu ${name}: ${text}`;
}

/** A record of the page-request queue: two doublewords. */
export const decodePageRequest = (words: readonly bigint[]): readonly Field[] =>
  decode(words, [
    defineField('PID', 31, 12, number('PASID')),
    flag('PV', 32, 'with PASID', 'without PASID'),
    flag('PRIV', 33, 'supervisor', 'user'),
    flag('EXEC', 34, 'execute asked for', 'execute not asked for'),
    defineField('DID', 63, 40, device),
    flag('R', 64, 'read asked for', 'read not asked for'),
    flag('W', 65, 'write asked for', 'write not asked for'),
    flag('L', 66, 'last of its group', 'more of the group to come'),
    defineField('PRGI', 75, 67, number('group')),
    defineField('address', 127, 76, address(12n, 'page')),
  ]);
