import { hex } from '../../../lib/u64';
import { shortBdf } from '../common/bdf';
import { address, decode, defineField, flag, type Field, type FieldRow } from '../common/fields';
import { queueError } from './describe-queues';
import { faultFields } from './describe-faults';

/**
 * Registers taken apart for people.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, chapter 11 "Register Descriptions"
 */
const number =
  (what: string) =>
  (value: bigint): string =>
    `${what} ${value}`;
const shown = (value: bigint): string => hex(value);
const has = (name: string, bit: number, what: string): FieldRow => flag(name, bit, what, `no ${what}`);
const offset = defineField('QH', 18, 4, (value) => `at byte ${hex(value << 4n)}`);
const MESSAGE = [defineField('MA', 31, 2, address(2n, 'message to'))];
const EVENT_CONTROL = [
  flag('IP', 30, 'an interrupt waits', 'no interrupt waits'),
  flag('IM', 31, 'masked', 'not masked'),
];
const QUEUE_ADDRESS = (pages: string): readonly FieldRow[] => [
  defineField('QS', 2, 0, (value) => `2^${value} pages`),
  defineField(pages, 63, 12, address(12n, 'at')),
];

const COMMANDS = (done: boolean): readonly FieldRow[] => {
  const s = done ? 'S' : '';
  return [
    flag(
      `CFI${s}`,
      23,
      'compatibility-format interrupts pass',
      'compatibility-format interrupts are blocked',
    ),
    flag(
      `${done ? 'IRTP' : 'SIRTP'}${s}`,
      24,
      'the interrupt table is set',
      'the interrupt table is not set',
    ),
    flag(`IRE${s}`, 25, 'interrupt remapping on', 'interrupt remapping off'),
    flag(`QIE${s}`, 26, 'invalidation queue on', 'invalidation queue off'),
    flag(`WBF${s}`, 27, 'write buffers are being flushed', 'no write buffer is being flushed'),
    flag(`${done ? 'RTP' : 'SRTP'}${s}`, 30, 'the root table is set', 'the root table is not set'),
    flag(`TE${s}`, 31, 'translation on', 'translation off'),
  ];
};

const ROWS: Readonly<Record<string, readonly FieldRow[]>> = {
  VER: [defineField('MIN', 3, 0, number('minor')), defineField('MAX', 7, 4, number('major'))],
  CAP: [
    defineField('ND', 2, 0, (value) => `${2 ** (4 + 2 * Number(value))} domains`),
    has('RWBF', 4, 'write-buffer flushing required'),
    has('PLMR', 5, 'protected low memory'),
    has('PHMR', 6, 'protected high memory'),
    flag('CM', 7, 'what is absent may be cached', 'what is absent is not cached'),
    defineField('SAGAW', 12, 8, (value) => widths(value)),
    defineField('MGAW', 21, 16, (value) => `${value + 1n} address bits`),
    has('ZLR', 22, 'zero-length reads of write-only pages'),
    defineField('FRO', 33, 24, (value) => `fault records at ${hex(value * 16n)}`),
    defineField(
      'SSLPS',
      37,
      34,
      (value) => ['4 KiB', '4 KiB, 2 MiB', '4 KiB, 1 GiB', '4 KiB, 2 MiB, 1 GiB'][Number(value)] ?? '',
    ),
    has('PSI', 39, 'page-selective invalidation'),
    defineField('NFR', 47, 40, (value) => `${value + 1n} fault records`),
    defineField('MAMV', 53, 48, (value) => `at most 2^${value} pages an invalidation`),
    has('DWD', 54, 'write draining'),
    has('DRD', 55, 'read draining'),
    has('FS1GP', 56, '1 GiB pages of the first stage'),
    has('PI', 59, 'posted interrupts'),
    has('FS5LP', 60, '5 levels of the first stage'),
    flag('ESIRTPS', 62, 'SIRTP flushes', 'SIRTP does not flush'),
    flag('ESRTPS', 63, 'SRTP flushes', 'SRTP does not flush'),
  ],
  ECAP: [
    flag('C', 0, 'walks snoop processor caches', 'walks do not snoop'),
    has('QI', 1, 'invalidation queue'),
    has('DT', 2, 'device TLBs'),
    has('IR', 3, 'interrupt remapping'),
    has('EIM', 4, 'x2APIC destinations'),
    has('PT', 6, 'pass-through'),
    has('SC', 7, 'snoop control'),
    defineField('IRO', 17, 8, (value) => `IOTLB registers at ${hex(value * 16n)}`),
    defineField('MHMV', 23, 20, (value) => `at most 2^${value} interrupt entries an invalidation`),
    has('NEST', 26, 'nested translation'),
    has('PRS', 29, 'page requests'),
    has('ERS', 30, 'execute requests'),
    has('SRS', 31, 'supervisor requests'),
    has('NWFS', 33, 'no-write flag'),
    has('EAFS', 34, 'extended accessed flag'),
    defineField('PSS', 39, 35, (value) => `${value + 1n} PASID bits`),
    has('PASID', 40, 'PASIDs'),
    has('DIT', 41, 'device-TLB throttling'),
    has('PDS', 42, 'page-request draining'),
    has('SMTS', 43, 'scalable mode'),
    has('SSADS', 45, 'accessed and dirty bits of the second stage'),
    has('SSTS', 46, 'second stage in scalable mode'),
    has('FSTS', 47, 'first stage'),
    has('SMPWCS', 48, 'snooping walks in scalable mode'),
    has('RPS', 49, 'RID_PASID'),
    has('ADMS', 52, 'abort-DMA mode'),
    has('RPRIVS', 53, 'RID_PRIV'),
  ],
  GCMD: COMMANDS(false),
  GSTS: COMMANDS(true),
  RTADDR: [
    defineField(
      'TTM',
      11,
      10,
      (value) => ['legacy mode', 'scalable mode', 'reserved', 'abort-DMA mode'][Number(value)] ?? '',
    ),
    defineField('RTA', 63, 12, address(12n, 'root table at')),
  ],
  CCMD: [
    defineField('DID', 15, 0, number('domain')),
    defineField('SID', 31, 16, (value) => shortBdf(Number(value))),
    defineField('FM', 33, 32, number('function mask')),
    defineField('CAIG', 60, 59, number('done with granularity')),
    defineField('CIRG', 62, 61, number('granularity')),
    flag('ICC', 63, 'invalidation under way', 'no invalidation under way'),
  ],
  FSTS: [
    flag('PFO', 0, 'faults were lost', 'no fault was lost'),
    flag('PPF', 1, 'fault records are pending', 'no fault record is pending'),
    flag('IQE', 4, 'invalidation queue error', 'no invalidation queue error'),
    flag('ICE', 5, 'unexpected invalidation completion', 'no unexpected invalidation completion'),
    flag('ITE', 6, 'a device did not answer an invalidation', 'no invalidation timed out'),
    // Of documents before rev. 3.0, and of the kernel: today it is PRS.PRO.
    flag('PRO', 7, 'page requests were lost', 'no page request was lost'),
    defineField('FRI', 15, 8, number('first pending record')),
  ],
  FECTL: EVENT_CONTROL,
  FEDATA: [defineField('IMD', 15, 0, shown)],
  FEADDR: MESSAGE,
  FEUADDR: [defineField('MUA', 31, 0, shown)],
  PMEN: [
    flag('PRS', 0, 'protected regions are on', 'protected regions are off'),
    flag('EPM', 31, 'protection asked for', 'no protection asked for'),
  ],
  PLMBASE: [defineField('PLMB', 31, 21, address(21n, 'from'))],
  PLMLIMIT: [defineField('PLML', 31, 21, address(21n, 'to the 2 MiB at'))],
  PHMBASE: [defineField('PHMB', 63, 21, address(21n, 'from'))],
  PHMLIMIT: [defineField('PHML', 63, 21, address(21n, 'to the 2 MiB at'))],
  IQH: [offset],
  IQT: [{ ...offset, name: 'QT' }],
  IQA: [
    ...QUEUE_ADDRESS('IQA').slice(0, 1),
    flag('DW', 11, '256-bit descriptors', '128-bit descriptors'),
    ...QUEUE_ADDRESS('IQA').slice(1),
  ],
  ICS: [flag('IWC', 0, 'a wait with interrupt is done', 'no wait with interrupt is done')],
  IECTL: EVENT_CONTROL,
  IEDATA: [defineField('IMD', 15, 0, shown)],
  IEADDR: MESSAGE,
  IEUADDR: [defineField('MUA', 31, 0, shown)],
  IQER: [
    defineField('IQEI', 3, 0, (value) => queueError(Number(value))),
    defineField('ITESID', 47, 32, (value) => `no answer from ${shortBdf(Number(value))}`),
    defineField('ICESID', 63, 48, (value) => `unexpected answer from ${shortBdf(Number(value))}`),
  ],
  IRTA: [
    defineField('S', 3, 0, (value) => `${2 ** (Number(value) + 1)} entries`),
    flag('EIME', 11, 'x2APIC destinations', 'xAPIC destinations'),
    defineField('IRTA', 63, 12, address(12n, 'interrupt table at')),
  ],
  PQH: [defineField('PQH', 18, 5, (value) => `at byte ${hex(value << 5n)}`)],
  PQT: [defineField('PQT', 18, 5, (value) => `at byte ${hex(value << 5n)}`)],
  PQA: QUEUE_ADDRESS('PQA'),
  PRS: [
    flag('PPR', 0, 'page requests are pending', 'no page request is pending'),
    flag('PRO', 1, 'page requests were turned away', 'no page request was turned away'),
  ],
  PECTL: EVENT_CONTROL,
  PEDATA: [defineField('IMD', 15, 0, shown)],
  PEADDR: MESSAGE,
  PEUADDR: [defineField('MUA', 31, 0, shown)],
  IVA: [
    defineField('AM', 5, 0, (value) => `2^${value} pages`),
    flag('IH', 6, 'only leaf entries changed', 'table entries changed too'),
    defineField('ADDR', 63, 12, address(12n, 'from')),
  ],
  IOTLB: [
    defineField('DID', 47, 32, number('domain')),
    flag('DW', 48, 'writes are drained', 'writes are not drained'),
    flag('DR', 49, 'reads are drained', 'reads are not drained'),
    defineField('IAIG', 58, 57, number('done with granularity')),
    defineField('IIRG', 61, 60, number('granularity')),
    flag('IVT', 63, 'invalidation under way', 'no invalidation under way'),
  ],
};

const widths = (sagaw: bigint): string =>
  [39, 48, 57].filter((_, n) => ((sagaw >> BigInt(n + 1)) & 1n) === 1n).join(', ') + ' bits';

/** `name`: as in REGISTERS, or FRCDn_LO, FRCDn_HI, IVA, IOTLB. */
export function decodeRegister(name: string, value: bigint): readonly Field[] {
  if (name.startsWith('FRCD')) {
    const high = name.endsWith('_HI');
    const words = high ? [0n, value] : [value, 0n];
    return faultFields(words).filter((field) => high === Number(field.bits.split(':')[0]) >= 64);
  }
  return decode([value], ROWS[name] ?? []);
}
