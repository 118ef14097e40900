import {
  C_BAD_CD,
  C_BAD_STE,
  C_BAD_STREAMID,
  C_BAD_SUBSTREAMID,
  F_ACCESS,
  F_ADDR_SIZE,
  F_CD_FETCH,
  F_PERMISSION,
  F_STE_FETCH,
  F_STREAM_DISABLED,
  F_TRANSLATION,
  F_VMS_FETCH,
  reasonName,
} from './reasons';
import * as r from './regs';
import { CLASS_TT } from './structs';

/**
 * What Linux prints of this unit: without level, ready to be compared.
 *
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_event(), arm_smmu_gerror_handler(),
 * __arm_smmu_cmdq_skip_err(), arm_smmu_evtq_thread(), arm_smmu_handle_ppr()
 */
const CLASSES = ['CD fetch', 'Stage 1 translation table fetch', 'Input address caused fault', 'Reserved'];
const KNOWN = new Set([
  C_BAD_STREAMID,
  F_STE_FETCH,
  C_BAD_STE,
  F_STREAM_DISABLED,
  C_BAD_SUBSTREAMID,
  F_CD_FETCH,
  C_BAD_CD,
  F_TRANSLATION,
  F_ADDR_SIZE,
  F_ACCESS,
  F_PERMISSION,
  F_VMS_FETCH,
]);
const CERRORS = ['No error', 'Illegal command', 'Abort on command fetch', 'ATC invalidate timeout'];

/** printk's %#x: zero has its prefix too, as in no C library. Linux: lib/vsprintf.c number() */
const alternate = (value: bigint): string => `0x${value.toString(16)}`;
const hex16 = (value: bigint): string => `\t0x${value.toString(16).padStart(16, '0')}`;
const hex8 = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
const has = (word: bigint, bit: number): boolean => ((word >> BigInt(bit)) & 1n) === 1n;

/** dev_err(smmu->dev, …) */
export const deviceLine = (smmu: string, text: string): string => `arm-smmu-v3 ${smmu}: ${text}`;

/** `client`: the PCI name of the stream's device; null where nobody has the StreamID. */
export function eventLines(smmu: string, words: readonly bigint[], client: string | null): readonly string[] {
  const [first = 0n, second = 0n, third = 0n, fourth = 0n] = words;
  const id = Number(first & 0xffn);
  const name = KNOWN.has(id) ? reasonName(id) : 'UNKNOWN';
  // Without SSV it is IOMMU_NO_PASID: 0.
  const ssid = has(first, 11) ? (first >> 12n) & 0xf_ffffn : 0n;
  const head = `event: ${name} client: ${client ?? '(unassigned sid)'} sid: ${alternate(first >> 32n)} ssid: ${alternate(ssid)}`;
  const lines = [
    `event 0x${id.toString(16).padStart(2, '0')} received:`,
    ...[first, second, third, fourth].map(hex16),
    ...(id >= F_TRANSLATION && id <= F_PERMISSION
      ? [
          `${head} iova: ${alternate(third)} ipa: ${alternate(fourth & 0xf_ffff_ffff_f000n)}`,
          accessLine(id, second),
        ]
      : id === F_STE_FETCH || id === F_CD_FETCH || id === F_VMS_FETCH
        ? [`${head} fetch_addr: ${alternate(fourth & 0xf_ffff_ffff_fff8n)}`]
        : [head]),
  ];
  return lines.map((line) => deviceLine(smmu, line));
}

function accessLine(id: number, word: bigint): string {
  const cls = Number((word >> 40n) & 3n);
  const table = id === F_PERMISSION && cls === CLASS_TT ? (has(word, 44) ? ' ttd_read' : ' ttd_write') : '';
  const parts = [
    has(word, 33) ? 'priv' : 'unpriv',
    has(word, 34) ? 'inst' : 'data',
    has(word, 35) ? 'read' : 'write',
    has(word, 39) ? 's2' : 's1',
  ];
  const stall = has(word, 31) ? ' stall' : '';
  return `${parts.join(' ')} "${CLASSES[cls] ?? ''}"${table}${stall} stag: ${alternate(word & 0xffffn)}`;
}

export const EVENT_OVERFLOW = 'EVTQ overflow detected -- events lost';
export const PRI_OVERFLOW = 'PRIQ overflow detected -- requests lost';

/** In the order in which the handler looks at them; CMDQ_ERR has lines of its own: commandErrorLines(). */
const GLOBAL_ERRORS: readonly (readonly [number, string])[] = [
  [r.GERROR_SFM_ERR, 'device has entered Service Failure Mode!'],
  [r.GERROR_MSI_GERROR_ABT_ERR, 'GERROR MSI write aborted'],
  [r.GERROR_MSI_PRIQ_ABT_ERR, 'PRIQ MSI write aborted'],
  [r.GERROR_MSI_EVENTQ_ABT_ERR, 'EVTQ MSI write aborted'],
  [r.GERROR_MSI_CMDQ_ABT_ERR, 'CMDQ MSI write aborted'],
  [r.GERROR_PRIQ_ABT_ERR, 'PRIQ write aborted -- events may have been lost'],
  [r.GERROR_EVENTQ_ABT_ERR, 'EVTQ write aborted -- events may have been lost'],
];

/** `active`: GERROR ^ GERRORN. */
export const globalErrorLines = (smmu: string, active: number): readonly string[] =>
  [
    `unexpected global error reported (${hex8(active)}), this could be serious`,
    ...GLOBAL_ERRORS.filter(([bit]) => (active & bit) !== 0).map(([, text]) => text),
  ].map((line) => deviceLine(smmu, line));

/** `cons`: CMDQ_CONS; `command`: what it points at. */
export function commandErrorLines(smmu: string, cons: number, command: readonly bigint[]): readonly string[] {
  const code = (cons >>> r.CMDQ_CONS_ERR_SHIFT) & 0x7f;
  const lines = [`CMDQ error (cons ${hex8(cons)}): ${CERRORS[code] ?? 'Unknown'}`];
  if (code === r.CERROR_ABT) lines.push('retrying command fetch');
  else if (code !== r.CERROR_NONE && code !== r.CERROR_ATC_INV_SYNC)
    lines.push('skipping command in error state:', ...command.slice(0, 2).map(hex16));
  return lines.map((line) => deviceLine(smmu, line));
}

export function pageRequestLines(smmu: string, words: readonly bigint[]): readonly string[] {
  const [first = 0n, second = 0n] = words;
  const sid = (first & 0xffff_ffffn).toString(16).padStart(8, '0');
  const ssid = (has(first, 63) ? (first >> 32n) & 0xf_ffffn : 0n).toString(16).padStart(5, '0');
  const letters = `${has(first, 60) ? 'R' : ''}${has(first, 61) ? 'W' : ''}${has(first, 59) ? 'X' : ''}`;
  const group = `[${second & 0x1ffn}${has(first, 62) ? 'L' : ''}]`;
  const privilege = has(first, 58) ? '' : 'un';
  const iova = (second & ~0xfffn).toString(16).padStart(16, '0');
  return [
    'unexpected PRI request received:',
    `\tsid 0x${sid}.0x${ssid}: ${group} ${privilege}privileged ${letters} access at iova 0x${iova}`,
  ].map((line) => deviceLine(smmu, line));
}
