import {
  devfnOf,
  formatBdf,
  formatShortBdf,
  functionOf,
  slotOf,
  type PciAddress,
} from '../engine/pci/address';
import {
  defaultClass,
  PCI_KINDS,
  plainSpec,
  UNKNOWN_ID,
  type PciBar,
  type PciFunctionSpec,
  type PciKind,
  type SriovSpec,
} from '../engine/pci/function-spec';
import { ACS_BITS, acsBitNames } from '../engine/pci/regs';
import { formatStatement, option, text as quoted, type ArgText } from './format';
import { parseNumber } from './literal';
import * as says from '../words/scenario/script';

/** The arguments of a `pci` line, as the interpreter has them. */
export interface PciLineArgs {
  /** What stands bare, in order: address, kind, then flags. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** The label. */
  readonly text: string | null;
}

export type SpecOfArgs =
  { readonly ok: true; readonly spec: PciFunctionSpec } | { readonly ok: false; readonly mistake: string };

const BDF = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i;

/** `[dddd:]bb:dd.f` in hex; null when it is none. */
export function parseBdf(word: string): PciAddress | null {
  const match = BDF.exec(word);
  if (match === null) return null;
  const [, domain = '0', bus = '', device = '', fn = ''] = match;
  return {
    domain: parseInt(domain, 16),
    bus: parseInt(bus, 16),
    devfn: devfnOf(parseInt(device, 16), parseInt(fn, 16)),
  };
}

/** `01:00.0`, with the segment where it is not 0. */
export const formatAddress = (address: PciAddress): string =>
  address.domain === 0 ? formatShortBdf(address.bus, address.devfn) : formatBdf(address);

/** The line that makes this function; specOfArgs() reads it back. */
export function formatPciLine(spec: PciFunctionSpec): string {
  const args: ArgText[] = [formatAddress(spec.address), spec.kind];
  const add = (key: string, value: string): void => {
    args.push(option(key, value));
  };
  if (spec.vendorId !== UNKNOWN_ID || spec.deviceId !== UNKNOWN_ID)
    add('id', idPair(spec.vendorId, spec.deviceId));
  if (spec.subsystem !== null) add('sub', idPair(spec.subsystem.vendorId, spec.subsystem.deviceId));
  if (spec.classCode !== defaultClass(spec.kind)) add('class', hexDigits(spec.classCode, 6));
  if (spec.revision !== 0) add('rev', `0x${hexDigits(spec.revision, 2)}`);
  if (spec.buses !== null)
    add('bus', `${hexDigits(spec.buses.secondary, 2)}-${hexDigits(spec.buses.subordinate, 2)}`);
  if (spec.acs !== null) {
    const { cap, ctrl, firmware } = spec.acs;
    const before = firmware === undefined ? '' : `@${acsSet(firmware)}`;
    add('acs', `${acsSet(cap)}${before}${ctrl === null ? '' : `/${acsSet(ctrl)}`}`);
  }
  if (spec.multifunction) args.push('mf');
  if (spec.virtualOf !== null) add('vf', formatAddress(spec.virtualOf));
  if (spec.recordedGroup !== null) add('group', String(spec.recordedGroup));
  if (spec.driver !== null) add('driver', spec.driver);
  if (spec.iommu !== null) add('iommu', spec.iommu);
  if (spec.pasids !== 0) add('pasid', String(spec.pasids));
  if (spec.aliases.length > 0) add('alias', spec.aliases.map(formatDevfn).join('+'));
  if (spec.sriov !== null) add('sriov', formatSriov(spec.sriov));
  if (spec.bars.length > 0) add('bars', spec.bars.map(formatBar).join('+'));
  if (spec.ats) args.push('ats');
  if (spec.pri) args.push('pri');
  if (spec.untrusted) args.push('untrusted');
  if (spec.external) args.push('external');
  if (spec.label !== null) args.push(quoted(spec.label));
  return formatStatement({ verb: 'pci', args });
}

/** The spec that a `pci` line means. */
export function specOfArgs({ words, options, text }: PciLineArgs): SpecOfArgs {
  const [place = '', kindWord = '', ...flags] = words;
  const address = parseBdf(place);
  if (address === null) return mistake(says.isNoPciAddress(place || 'nothing'));
  const kind = PCI_KINDS.find((known) => known === kindWord);
  if (kind === undefined) return mistake(says.isNoKindOfPciFunction(kindWord || 'nothing'));
  const stray = flags.find((flag) => !FLAGS.includes(flag));
  if (stray !== undefined) return mistake(says.isNoFlagOfPciAre(stray, FLAGS.join(', ')));

  let spec: PciFunctionSpec = {
    ...plainSpec(address, kind),
    multifunction: flags.includes('mf'),
    ats: flags.includes('ats'),
    pri: flags.includes('pri'),
    untrusted: flags.includes('untrusted'),
    external: flags.includes('external'),
    label: text,
  };
  for (const [key, value] of Object.entries(options)) {
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (reader === undefined) return mistake(says.isNoOptionOfPci(key));
    const read = reader(value, kind);
    if (read === null) return mistake(says.cannotBeRead(key, value));
    spec = { ...spec, ...read };
  }
  return { ok: true, spec };
}

const FLAGS = ['mf', 'ats', 'pri', 'untrusted', 'external'];

const mistake = (what: string): SpecOfArgs => ({ ok: false, mistake: what });

/** Readers of option values: what they change in the spec, null for nonsense. */
const READERS: Readonly<Record<string, (value: string, kind: PciKind) => Partial<PciFunctionSpec> | null>> = {
  id: parseIds,
  sub(value) {
    const subsystem = parseIds(value);
    return subsystem && { subsystem };
  },
  class: (value) => (/^[0-9a-f]{6}$/i.test(value) ? { classCode: parseInt(value, 16) } : null),
  rev(value) {
    const revision = Number(parseNumber(value) ?? -1n);
    return revision >= 0 && revision <= 0xff ? { revision } : null;
  },
  bus(value) {
    const match = /^([0-9a-f]{2})-([0-9a-f]{2})$/i.exec(value);
    if (match === null) return null;
    return { buses: { secondary: parseInt(match[1] ?? '', 16), subordinate: parseInt(match[2] ?? '', 16) } };
  },
  acs(value) {
    const match = /^([^@/]+)(?:@([^@/]+))?(?:\/([^@/]+))?$/.exec(value);
    if (match === null) return null;
    const [cap, firmware, ctrl] = match.slice(1, 4).map((set) => (set ? parseAcsSet(set) : undefined));
    if (cap == null || firmware === null || ctrl === null) return null;
    return { acs: { cap, ctrl: ctrl ?? null, ...(firmware === undefined ? {} : { firmware }) } };
  },
  vf(value) {
    const virtualOf = parseBdf(value);
    return virtualOf && { virtualOf };
  },
  group(value) {
    if (value === 'none') return { recordedGroup: 'none' };
    const number = parseNumber(value);
    return number === null || number < 0n || number > 0xffff_ffffn ? null : { recordedGroup: Number(number) };
  },
  driver: (value) => ({ driver: value === 'none' ? null : value }),
  iommu: (value) => ({ iommu: value }),
  pasid(value) {
    const pasids = Number(parseNumber(value) ?? -1n);
    return pasids >= 0 && pasids <= MOST_PASIDS ? { pasids } : null;
  },
  alias(value) {
    const aliases = value.split('+').map(parseDevfn);
    return aliases.every((devfn) => devfn !== null) ? { aliases } : null;
  },
  sriov(value) {
    const sriov = parseSriov(value);
    return sriov && { sriov };
  },
  bars(value) {
    const bars = value.split('+').map(parseBar);
    return bars.every((bar) => bar !== null) ? { bars } : null;
  },
};

/** A PASID has 20 bits. */
const MOST_PASIDS = 2 ** 20;

function parseIds(value: string): { readonly vendorId: number; readonly deviceId: number } | null {
  const match = /^([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(value);
  if (match === null) return null;
  return { vendorId: parseInt(match[1] ?? '', 16), deviceId: parseInt(match[2] ?? '', 16) };
}

/** `SV+RR`, or `none` for a capability without any bit. */
const acsSet = (bits: number): string => acsBitNames(bits).join('+') || 'none';

function parseAcsSet(value: string): number | null {
  if (value === 'none') return 0;
  let bits = 0;
  for (const name of value.split('+')) {
    const bit = ACS_BITS.find(([known]) => known === name)?.[1];
    if (bit === undefined) return null;
    bits |= bit;
  }
  return bits;
}

const hexDigits = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const idPair = (vendorId: number, deviceId: number): string =>
  `${hexDigits(vendorId, 4)}:${hexDigits(deviceId, 4)}`;

/** `10.0`: device and function. */
const formatDevfn = (devfn: number): string => `${hexDigits(slotOf(devfn), 2)}.${functionOf(devfn)}`;

function parseDevfn(text: string): number | null {
  const match = /^([01][0-9a-f])\.([0-7])$/i.exec(text);
  return match === null ? null : devfnOf(parseInt(match[1] ?? '', 16), Number(match[2]));
}

/** `f0000000-f0ffffff`, start and last, with a `p` where it may be prefetched. */
const formatBar = ({ start, bytes, prefetchable }: PciBar): string =>
  `${start.toString(16)}-${(start + bytes - 1n).toString(16)}${prefetchable ? 'p' : ''}`;

function parseBar(text: string): PciBar | null {
  const match = /^([0-9a-f]{1,16})-([0-9a-f]{1,16})(p?)$/i.exec(text);
  if (match === null) return null;
  const [start, last] = [BigInt(`0x${match[1] ?? ''}`), BigInt(`0x${match[2] ?? ''}`)];
  return start > last ? null : { start, bytes: last - start + 1n, prefetchable: match[3] !== '' };
}

/** `64@128/2`, and `:10ed` where the id of the virtual functions is told. */
const formatSriov = ({ total, offset, stride, vfDevice }: SriovSpec): string =>
  `${total}@${offset}/${stride}${vfDevice === null ? '' : `:${hexDigits(vfDevice, 4)}`}`;

function parseSriov(text: string): SriovSpec | null {
  const match = /^(\d{1,5})@(\d{1,5})\/(\d{1,5})(?::([0-9a-f]{4}))?$/i.exec(text);
  if (match === null) return null;
  const [total = 0, offset = 0, stride = 0] = match.slice(1, 4).map(Number);
  if (Math.max(total, offset, stride) > 0xffff) return null;
  return { total, offset, stride, vfDevice: match[4] === undefined ? null : parseInt(match[4], 16) };
}
