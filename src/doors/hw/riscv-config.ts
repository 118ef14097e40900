import { DEFAULT_RISCV_CONFIG, type BareSizes, type RiscvConfig } from '../../engine/hw/riscv/device/config';
import { cap } from '../../engine/hw/riscv/regs';
import { parseHex, parsePair } from './hex';

/** What `reset` may say about the unit, beside the sizes of Bare stages. */
const SIZES = ['sv57', 'sv48', 'sv39', 'sv32', 'sv57x4', 'sv48x4', 'sv39x4', 'sv32x4'] as const;

/** As of the reference model, which reads every table anew: where a walk cache answers, less is read and counted. */
export const RIG_CONFIG: RiscvConfig = {
  ...DEFAULT_RISCV_CONFIG,
  holdCommands: true,
  itags: 2,
  walkCache: { sets: 0, ways: 0 },
};

/** log2, rounded down; at least a page. */
const lg2 = (bytes: number): number => Math.max(12, Math.floor(Math.log2(Math.max(1, bytes))));

/** The configuration that `reset` asks for, on top of another; or what is wrong. */
export function resetConfig(base: RiscvConfig, words: ReadonlyMap<string, string>): RiscvConfig | string {
  const bad = [...words].find(([key, text]) => (key === 'cap' ? parsePair(text) : parseHex(text)) === null);
  if (bad !== undefined) return `${bad[0]}: not a hex number`;
  const number = (key: string, otherwise: number): number => parseHex(words.get(key) ?? '') ?? otherwise;
  const capability = words.get('cap');
  const capabilities = capability === undefined ? base.capabilities : BigInt(`0x${capability}`);
  const all = words.has('bare') ? lg2(number('bare', 4096)) : null;
  const sizes = SIZES.map((name): [keyof BareSizes, number] => {
    const one = words.get(name);
    return [name, one === undefined ? (all ?? base.bareSizes[name]) : lg2(parseHex(one) ?? 4096)];
  });
  if (cap.pas(capabilities) > 56) return 'cap: PAS is at most 56';
  const config: RiscvConfig = {
    ...base,
    capabilities,
    fctl: number('fctl', base.fctl),
    counters: Math.min(32, number('nhpm', base.counters)),
    counterBits: Math.min(64, number('hpmbits', base.counterBits)),
    lastEvent: number('evlimit', base.lastEvent),
    vectorBits: Math.min(4, number('vecbits', base.vectorBits)),
    resetMode: number('mode', base.resetMode) === 1 ? 1 : 0,
    maxMode: number('maxmode', base.maxMode),
    deviceIdMask: number('devmask', base.deviceIdMask),
    gxlWritable: number('gxlw', base.gxlWritable ? 1 : 0) !== 0,
    beWritable: number('bew', base.beWritable ? 1 : 0) !== 0,
    qosMask: number('qosmask', base.qosMask) | 0,
    bareSizes: { ...base.bareSizes, ...Object.fromEntries(sizes) },
  };
  return config;
}
