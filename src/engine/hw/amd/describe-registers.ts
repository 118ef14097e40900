import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import {
  CMD_BASE,
  CMD_HEAD,
  CMD_TAIL,
  CONTROL,
  DEVTAB_BASE,
  DEVTAB_SEG1,
  DEVTAB_SEG7,
  EFR,
  EFR2,
  EVT_BASE,
  EVT_HEAD,
  EVT_TAIL,
  EXCL_BASE,
  EXCL_LIMIT,
  PPR_AUTO_RESP,
  PPR_BASE,
  PPR_HEAD,
  PPR_TAIL,
  STATUS,
} from './regs';

/**
 * Registers taken apart for people.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, section 3.4 "IOMMU MMIO Registers"
 */
const on = (name: string, bit: number, what: string): FieldRow =>
  flag(name, bit, `${what} on`, `${what} off`);
const has = (name: string, bit: number, what: string): FieldRow => flag(name, bit, what, `no ${what}`);

const DEVICE_TABLE: readonly FieldRow[] = [
  defineField('Size', 8, 0, (value) => `${(value + 1n) * 128n} entries`),
  defineField('DevTabBase', 51, 12, address(12n, 'device table at')),
];
const ring = (what: string): readonly FieldRow[] => [
  defineField('Base', 51, 12, address(12n, `${what} at`)),
  defineField('Len', 59, 56, (value) => (value < 8n ? 'reserved' : `${1n << value} entries`)),
];
const POINTER: readonly FieldRow[] = [defineField('Ptr', 18, 4, (value) => `entry ${value}`)];

const TIMEOUT = ['none', '1 ms', '10 ms', '100 ms', '1 s', '10 s', '100 s'];

const ROWS: ReadonlyMap<number, readonly FieldRow[]> = new Map([
  [DEVTAB_BASE, DEVICE_TABLE],
  [CMD_BASE, ring('command buffer')],
  [EVT_BASE, ring('event log')],
  [PPR_BASE, ring('PPR log')],
  ...[CMD_HEAD, CMD_TAIL, EVT_HEAD, EVT_TAIL, PPR_HEAD, PPR_TAIL].map(
    (offset): [number, readonly FieldRow[]] => [offset, POINTER],
  ),
  [
    CONTROL,
    [
      on('IommuEn', 0, 'the unit'),
      on('EventLogEn', 2, 'event log'),
      on('EventIntEn', 3, 'event interrupt'),
      on('ComWaitIntEn', 4, 'completion interrupt'),
      defineField('InvTimeOut', 7, 5, (value) => TIMEOUT[Number(value)] ?? 'reserved'),
      flag('Coherent', 10, 'device table reads snoop', 'device table reads do not snoop'),
      on('CmdBufEn', 12, 'command buffer'),
      on('PprLogEn', 13, 'PPR log'),
      on('PprIntEn', 14, 'PPR interrupt'),
      on('PprEn', 15, 'page requests'),
      on('GTEn', 16, 'guest translation'),
      flag('GAEn', 17, 'interrupt entries of 128 bits', 'interrupt entries of 32 bits'),
      defineField('DevTblSegEn', 36, 34, (value) => `${1n << value} segments`),
      on('PprAutoRspEn', 39, 'automatic response on overflow'),
      on('PprAutoRspAon', 42, 'automatic response'),
      defineField('NumIntRemapMode', 44, 43, (value) =>
        value === 1n ? '2048 interrupts' : '512 interrupts',
      ),
      on('EPHEn', 45, 'enhanced PPR handling'),
      flag('GDUpdateDis', 48, 'guest dirty bits not written', 'guest dirty bits written'),
      on('XTEn', 50, 'x2APIC destinations'),
      on('IntCapXTEn', 51, 'x2APIC interrupts of the unit'),
      flag('GAUpdateDis', 54, 'guest accessed bits not written', 'guest accessed bits written'),
      flag(
        'GCR3TRPMode',
        58,
        'GCR3 tables at guest physical addresses',
        'GCR3 tables at system physical addresses',
      ),
      flag('IRTCacheDis', 59, 'interrupt entries not cached', 'interrupt entries cached'),
    ],
  ],
  [
    EXCL_BASE,
    [
      on('ExEn', 0, 'exclusion range'),
      flag('Allow', 1, 'for all devices', 'for devices with EX'),
      defineField('ExclBase', 51, 12, address(12n, 'from')),
    ],
  ],
  [
    EXCL_LIMIT,
    [defineField('ExclLimit', 51, 12, (value) => `to 0x${((value << 12n) | 0xfffn).toString(16)}`)],
  ],
  [
    EFR,
    [
      has('PreFSup', 0, 'prefetch'),
      has('PPRSup', 1, 'page requests'),
      has('XTSup', 2, 'x2APIC'),
      has('NXSup', 3, 'no-execute'),
      has('GTSup', 4, 'guest translation'),
      has('IASup', 6, 'INVALIDATE_IOMMU_ALL'),
      has('GASup', 7, 'interrupt entries of 128 bits'),
      defineField('HATS', 11, 10, (value) => `host tables of up to ${value + 4n} levels`),
      defineField('GATS', 13, 12, (value) => `guest tables of up to ${value + 4n} levels`),
      defineField('GLXSup', 15, 14, (value) => `GCR3 tables of up to ${value + 1n} levels`),
      defineField('PASmax', 36, 32, (value) => `PASIDs of ${value + 1n} bits`),
      has('USSup', 37, 'user and supervisor mode'),
      defineField('DevTblSegSup', 39, 38, (value) => `up to ${1n << value} device table segments`),
      has('PprAutoRspSup', 41, 'automatic PPR response'),
      has('GIoSup', 48, 'PASID 0 for requests without one'),
      has('HASup', 49, 'accessed bits in host tables'),
      has('EPHSup', 50, 'enhanced PPR handling'),
      has('HDSup', 52, 'dirty bits in host tables'),
    ],
  ],
  [
    EFR2,
    [
      has('GCR3TRPMode', 3, 'GCR3 tables at guest physical addresses'),
      defineField('NumIntRemapSup', 9, 8, (value) => (value === 1n ? '2048 interrupts' : '512 interrupts')),
      flag('HtRangeIgnore', 11, "HyperTransport's range is ordinary", "HyperTransport's range is special"),
    ],
  ],
  [
    STATUS,
    [
      flag('EventOverflow', 0, 'the event log has overflown', 'no overflow'),
      flag('EventLogInt', 1, 'an event was logged', 'no event since cleared'),
      flag('ComWaitInt', 2, 'a COMPLETION_WAIT is done', 'none since cleared'),
      flag('EventLogRun', 3, 'the event log runs', 'the event log does not run'),
      flag('CmdBufRun', 4, 'the command buffer runs', 'the command buffer does not run'),
      flag('PprOverflow', 5, 'the PPR log has overflown', 'no overflow'),
      flag('PprInt', 6, 'a page request was logged', 'no request since cleared'),
      flag('PprLogRun', 7, 'the PPR log runs', 'the PPR log does not run'),
    ],
  ],
  [PPR_AUTO_RESP, [defineField('PprAutoRespCode', 3, 0, (value) => `code ${value}`)]],
]);

export function decodeRegister(offset: number, value: bigint): readonly Field[] {
  if (offset >= DEVTAB_SEG1 && offset <= DEVTAB_SEG7) return decode([value], DEVICE_TABLE);
  return decode([value], ROWS.get(offset) ?? []);
}
