import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';

/**
 * Registers of a RISC-V IOMMU, taken apart for people.
 *
 * Spec: RISC-V IOMMU Architecture Specification, chapter "Memory-mapped register interface"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const has = (name: string, bit: number, what: string): FieldRow => flag(name, bit, what, `no ${what}`);

const CAPABILITIES: readonly FieldRow[] = [
  defineField('version', 7, 0, (value) => `${value >> 4n}.${value & 0xfn}`),
  has('Sv32', 8, 'Sv32'),
  has('Sv39', 9, 'Sv39'),
  has('Sv48', 10, 'Sv48'),
  has('Sv57', 11, 'Sv57'),
  has('Svrsw60t59b', 14, 'software bits 60:59 in entries'),
  has('Svpbmt', 15, 'page-based memory types'),
  has('Sv32x4', 16, 'Sv32x4'),
  has('Sv39x4', 17, 'Sv39x4'),
  has('Sv48x4', 18, 'Sv48x4'),
  has('Sv57x4', 19, 'Sv57x4'),
  has('AMO_MRIF', 21, 'atomic updates of interrupt files'),
  has('MSI_FLAT', 22, 'MSI page tables'),
  has('MSI_MRIF', 23, 'interrupt files in memory'),
  has('AMO_HWAD', 24, 'A and D bits set by hardware'),
  has('ATS', 25, 'ATS and page requests'),
  has('T2GPA', 26, 'guest physical addresses in ATS answers'),
  flag('END', 27, 'both byte orders', 'one byte order'),
  defineField(
    'IGS',
    29,
    28,
    (value) => ['messages', 'wires', 'messages or wires', 'reserved'][Number(value)] ?? '',
  ),
  has('HPM', 30, 'performance counters'),
  has('DBG', 31, 'debug translation'),
  defineField('PAS', 37, 32, (value) => `${value} bits of physical address`),
  has('PD8', 38, '8-bit process_id'),
  has('PD17', 39, '17-bit process_id'),
  has('PD20', 40, '20-bit process_id'),
  has('QOSID', 41, 'QoS ids'),
  has('NL', 42, 'invalidation of tables by address'),
  has('S', 43, 'invalidation of ranges'),
];

const MODES = ['Off: every request is refused', 'Bare: every request passes', '1LVL', '2LVL', '3LVL'];
const base = (what: string): readonly FieldRow[] => [
  defineField('LOG2SZ-1', 4, 0, (value) => `${2n ** (value + 1n)} entries`),
  defineField('PPN', 53, 10, address(12n, `${what} at`)),
];
const queue = (letters: string, errors: readonly FieldRow[]): readonly FieldRow[] => [
  flag(`${letters}en`, 0, 'switched on', 'switched off'),
  flag(`${letters === 'cq' ? 'c' : letters === 'fq' ? 'f' : 'p'}ie`, 1, 'interrupts', 'no interrupts'),
  flag(`${letters}mf`, 8, 'stopped: memory refused an access', 'no memory fault'),
  ...errors,
  flag(`${letters}on`, 16, 'active', 'not active'),
  flag('busy', 17, 'a write is still being done', 'ready'),
];
const overflow = (name: string): FieldRow => flag(name, 9, 'stopped: the queue was full', 'no overflow');
const pending = (name: string, bit: number, what: string): FieldRow =>
  flag(name, bit, `${what} interrupt pending`, 'nothing pending');

const EVENTS = [
  'nothing',
  'untranslated requests',
  'translated requests',
  'ATS translation requests',
  'TLB misses',
  'device directory walks',
  'process directory walks',
  'first-stage walks',
  'second-stage walks',
];

const ROWS: Readonly<Record<string, readonly FieldRow[]>> = {
  capabilities: CAPABILITIES,
  fctl: [
    flag('BE', 0, 'big-endian structures', 'little-endian structures'),
    flag('WSI', 1, 'interrupts by wire', 'interrupts by message'),
    flag('GXL', 2, 'Sv32x4', 'Sv39x4 to Sv57x4'),
  ],
  ddtp: [
    defineField('iommu_mode', 3, 0, (value) => MODES[Number(value)] ?? 'reserved'),
    flag('busy', 4, 'a write is still being done', 'ready'),
    defineField('PPN', 53, 10, address(12n, 'device directory at')),
  ],
  cqb: base('command queue'),
  fqb: base('fault queue'),
  pqb: base('page-request queue'),
  cqcsr: queue('cq', [
    flag('cmd_to', 9, 'stopped: an invalidation timed out', 'no time-out'),
    flag('cmd_ill', 10, 'stopped: an illegal command', 'no illegal command'),
    flag('fence_w_ip', 11, 'IOFENCE.C is done', 'no fence to tell of'),
  ]),
  fqcsr: queue('fq', [overflow('fqof')]),
  pqcsr: queue('pq', [overflow('pqof')]),
  ipsr: [
    pending('cip', 0, 'command queue'),
    pending('fip', 1, 'fault queue'),
    pending('pmip', 2, 'performance counter'),
    pending('pip', 3, 'page-request queue'),
  ],
  iohpmcycles: [defineField('counter', 62, 0, number('cycles')), flag('OF', 63, 'overflowed', 'no overflow')],
  tr_req_iova: [defineField('vpn', 63, 12, address(12n, 'IOVA'))],
  tr_req_ctl: [
    flag('Go/Busy', 0, 'being translated', 'done'),
    flag('Priv', 1, 'supervisor', 'user'),
    flag('Exe', 2, 'for execution', 'not for execution'),
    flag('NW', 3, 'read only', 'read and write'),
    defineField('PID', 31, 12, number('process')),
    flag('PV', 32, 'with process_id', 'without process_id'),
    defineField('DID', 63, 40, (value) => `device 0x${value.toString(16)}`),
  ],
  tr_response: [
    flag('fault', 0, 'refused', 'translated'),
    defineField('PBMT', 8, 7, number('memory type')),
    flag('S', 9, 'PPN tells a range', '4 KiB'),
    defineField('PPN', 53, 10, address(12n, 'address')),
  ],
  iommu_qosid: [
    defineField('RCID', 11, 0, number('resource control id')),
    defineField('MCID', 27, 16, number('monitoring counter id')),
  ],
  icvec: [
    defineField('civ', 3, 0, number('commands: vector')),
    defineField('fiv', 7, 4, number('faults: vector')),
    defineField('pmiv', 11, 8, number('counters: vector')),
    defineField('piv', 15, 12, number('page requests: vector')),
  ],
  iohpmevt: [
    defineField('eventID', 14, 0, (value) => `counts ${EVENTS[Number(value)] ?? 'an unknown event'}`),
    flag('DMASK', 15, 'DID_GSCID is a range', 'DID_GSCID is one id'),
    defineField('PID_PSCID', 35, 16, number('process')),
    defineField('DID_GSCID', 59, 36, (value) => `device or guest 0x${value.toString(16)}`),
    flag('PV_PSCV', 60, 'one process', 'every process'),
    flag('DV_GSCV', 61, 'one device or guest', 'every device and guest'),
    flag('IDT', 62, 'by GSCID and PSCID', 'by device_id and process_id'),
    flag('OF', 63, 'overflowed', 'no overflow'),
  ],
  msi_addr: [defineField('ADDR', 55, 2, address(2n, 'message to'))],
  msi_vec_ctl: [flag('M', 0, 'masked', 'not masked')],
};

/** A register's fields; none for one that is a plain number. Numbered ones go by the name without the number. */
export function decodeRegister(name: string, value: bigint): readonly Field[] {
  const rows = ROWS[name] ?? ROWS[name.replace(/_?\d+$/, '')];
  return rows === undefined ? [] : decode([value], rows);
}
