import { hex } from '../../../lib/u64';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import * as r from './regs';

/**
 * Registers of SMMUv3 taken apart for people.
 *
 * Spec: Arm SMMU Architecture Specification (IHI 0070), chapter 6 "Memory map and registers"
 */
const has = (name: string, bit: number, what: string): FieldRow => flag(name, bit, what, `no ${what}`);
const oneOf =
  (...names: readonly string[]) =>
  (value: bigint): string =>
    names[Number(value)] ?? 'reserved';
const lg2 =
  (what: string) =>
  (value: bigint): string =>
    `2^${value} ${what}`;
const count =
  (what: string) =>
  (value: bigint): string =>
    `${value} ${what}`;

const ENABLES: readonly FieldRow[] = [
  flag('SMMUEN', 0, 'requests are translated', 'requests pass as GBPA says'),
  flag('PRIQEN', 1, 'page requests are queued', 'page requests are refused'),
  flag('EVENTQEN', 2, 'events are queued', 'events are lost'),
  flag('CMDQEN', 3, 'commands are consumed', 'commands wait'),
  flag('ATSCHK', 4, 'translated requests are checked', 'translated requests pass'),
];
const IRQS: readonly FieldRow[] = [
  flag('GERROR_IRQEN', 0, 'global errors interrupt', 'global errors are silent'),
  flag('PRIQ_IRQEN', 1, 'page requests interrupt', 'page requests are silent'),
  flag('EVENTQ_IRQEN', 2, 'events interrupt', 'events are silent'),
];
const ERRORS: readonly FieldRow[] = (
  [
    ['CMDQ_ERR', 0],
    ['EVENTQ_ABT_ERR', 2],
    ['PRIQ_ABT_ERR', 3],
    ['MSI_CMDQ_ABT_ERR', 4],
    ['MSI_EVENTQ_ABT_ERR', 5],
    ['MSI_PRIQ_ABT_ERR', 6],
    ['MSI_GERROR_ABT_ERR', 7],
    ['SFM_ERR', 8],
  ] as const
).map(([name, bit]) => flag(name, bit, 'toggled: active while GERROR and GERRORN differ', 'as at reset'));
const QUEUE_BASE: readonly FieldRow[] = [
  defineField('LOG2SIZE', 4, 0, lg2('entries')),
  defineField('ADDR', 51, 5, address(5n, 'queue at')),
];
const INDEX = (name: string): FieldRow =>
  defineField(name, 19, 0, (value) => `index ${hex(value)}, its wrap bit above`);
const OVERFLOW = (name: string): FieldRow =>
  flag(name, 31, 'toggled: overflow while producer and consumer differ', 'as at reset');
const MESSAGE_ADDRESS = [defineField('ADDR', 51, 2, address(2n, 'message to'))];
const MESSAGE_DATA = [defineField('DATA', 31, 0, (value) => hex(value))];
const MESSAGE_ATTRIBUTES = [
  defineField('MemAttr', 3, 0, count('')),
  defineField('SH', 5, 4, oneOf('not shared', 'reserved', 'outer shareable', 'inner shareable')),
];
const CACHE = oneOf('not cached', 'write-back', 'write-through');
const SHARE = oneOf('not shared', 'reserved', 'outer shareable', 'inner shareable');

const ROWS: ReadonlyMap<number, readonly FieldRow[]> = new Map<number, readonly FieldRow[]>([
  [
    r.IDR0,
    [
      has('S2P', 0, 'stage 2'),
      has('S1P', 1, 'stage 1'),
      defineField(
        'TTF',
        3,
        2,
        oneOf('reserved', 'AArch32 tables', 'AArch64 tables', 'AArch32 and AArch64 tables'),
      ),
      has('COHACC', 4, 'coherent table walks'),
      has('BTM', 5, 'broadcast TLB maintenance'),
      defineField('HTTU', 7, 6, oneOf('no flag updates', 'access flags', 'access flags and dirty state')),
      has('HYP', 9, 'EL2 translations'),
      has('ATS', 10, 'ATS'),
      flag('NS1ATS', 11, 'no split-stage ATS', 'split-stage ATS'),
      flag('ASID16', 12, '16-bit ASIDs', '8-bit ASIDs'),
      has('MSI', 13, 'interrupt messages'),
      has('SEV', 14, 'events to processors'),
      has('PRI', 16, 'page requests'),
      flag('VMID16', 18, '16-bit VMIDs', '8-bit VMIDs'),
      has('CD2L', 19, 'two-level tables of CDs'),
      defineField('TTENDIAN', 22, 21, oneOf('either endianness', 'reserved', 'little endian', 'big endian')),
      has('ATSRECERR', 23, 'records of ATS errors'),
      defineField('STALL_MODEL', 25, 24, oneOf('stalls where asked', 'never stalls', 'always stalls')),
      flag('TERM_MODEL', 26, 'terminated requests always abort', 'terminated requests may read zeroes'),
      defineField('ST_LEVEL', 28, 27, oneOf('linear stream tables', 'two-level stream tables')),
    ],
  ],
  [
    r.IDR1,
    [
      defineField('SIDSIZE', 5, 0, count('bits of StreamID')),
      defineField('SSIDSIZE', 10, 6, count('bits of SubstreamID')),
      defineField('PRIQS', 15, 11, lg2('page requests at most')),
      defineField('EVENTQS', 20, 16, lg2('events at most')),
      defineField('CMDQS', 25, 21, lg2('commands at most')),
      has('ATTR_PERMS_OVR', 26, 'overrides of permissions'),
      has('ATTR_TYPES_OVR', 27, 'overrides of memory types'),
    ],
  ],
  [
    r.IDR3,
    [
      has('HAD', 2, 'way to ignore limits in tables'),
      has('XNX', 4, 'stage-2 execute permission by privilege'),
      flag('PPS', 5, 'automatic responses have a PASID', 'automatic responses as STE.PPAR says'),
      has('FWB', 8, 'S2FWB'),
      has('STT', 9, 'small tables'),
      has('RIL', 10, 'invalidation by range'),
      defineField('BBML', 12, 11, count('is the level of break-before-make relief')),
    ],
  ],
  [
    r.IDR5,
    [
      defineField('OAS', 2, 0, (value) => `${r.ADDRESS_BITS[Number(value)] ?? '?'} bits of output address`),
      has('GRAN4K', 4, '4 KiB granule'),
      has('GRAN16K', 5, '16 KiB granule'),
      has('GRAN64K', 6, '64 KiB granule'),
      defineField('VAX', 11, 10, oneOf('48-bit addresses', '52-bit addresses')),
      defineField('STALL_MAX', 31, 16, count('stalls at a time')),
    ],
  ],
  [
    r.IIDR,
    [
      defineField('Implementer', 11, 0, (value) => hex(value)),
      defineField('Revision', 15, 12, count('')),
      defineField('Variant', 19, 16, count('')),
      defineField('ProductID', 31, 20, (value) => hex(value)),
    ],
  ],
  [r.AIDR, [defineField('ArchMinorRev', 3, 0, (value) => `SMMUv3.${value}`)]],
  [r.CR0, ENABLES],
  [r.CR0ACK, ENABLES],
  [
    r.CR1,
    [
      defineField('QUEUE_IC', 1, 0, CACHE),
      defineField('QUEUE_OC', 3, 2, CACHE),
      defineField('QUEUE_SH', 5, 4, SHARE),
      defineField('TABLE_IC', 7, 6, CACHE),
      defineField('TABLE_OC', 9, 8, CACHE),
      defineField('TABLE_SH', 11, 10, SHARE),
    ],
  ],
  [
    r.CR2,
    [
      flag('E2H', 0, 'EL2 streams have ASIDs', 'EL2 streams have no ASIDs'),
      flag('RECINVSID', 1, 'unknown streams are recorded', 'unknown streams are aborted silently'),
      flag('PTM', 2, 'broadcast TLB maintenance is ignored', 'broadcast TLB maintenance counts'),
      flag('REC_CFG_ATS', 3, 'ATS errors are recorded', 'ATS errors are silent'),
    ],
  ],
  [r.GBPA, [flag('ABORT', 20, 'while off, all is aborted', 'while off, all passes')]],
  [r.IRQ_CTRL, IRQS],
  [r.IRQ_CTRLACK, IRQS],
  [r.GERROR, ERRORS],
  [r.GERRORN, ERRORS],
  [r.STRTAB_BASE, [defineField('ADDR', 55, 6, address(6n, 'stream table at'))]],
  [
    r.STRTAB_BASE_CFG,
    [
      defineField('LOG2SIZE', 5, 0, lg2('streams')),
      defineField('SPLIT', 10, 6, lg2('streams in a level 2 table')),
      defineField('FMT', 17, 16, oneOf('linear', 'two levels')),
    ],
  ],
  [r.CMDQ_BASE, QUEUE_BASE],
  [r.CMDQ_PROD, [INDEX('WR')]],
  [
    r.CMDQ_CONS,
    [
      INDEX('RD'),
      defineField('ERR', 30, 24, oneOf('CERROR_NONE', 'CERROR_ILL', 'CERROR_ABT', 'CERROR_ATC_INV_SYNC')),
    ],
  ],
  [r.EVENTQ_BASE, QUEUE_BASE],
  [r.EVENTQ_PROD, [INDEX('WR'), OVERFLOW('OVFLG')]],
  [r.EVENTQ_CONS, [INDEX('RD'), OVERFLOW('OVACKFLG')]],
  [r.PRIQ_BASE, QUEUE_BASE],
  [r.PRIQ_PROD, [INDEX('WR'), OVERFLOW('OVFLG')]],
  [r.PRIQ_CONS, [INDEX('RD'), OVERFLOW('OVACKFLG')]],
  ...[r.GERROR_IRQ_CFG0, r.EVENTQ_IRQ_CFG0, r.PRIQ_IRQ_CFG0].flatMap((at) => [
    [at, MESSAGE_ADDRESS] as const,
    [at + 8, MESSAGE_DATA] as const,
    [at + 12, MESSAGE_ATTRIBUTES] as const,
  ]),
]);

export const decodeRegister = (offset: number, value: bigint): readonly Field[] =>
  decode([value], ROWS.get(offset) ?? []);
