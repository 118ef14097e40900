import { devfnOf } from './address';
import type { PciFunction } from './function';

/** Whether a function is meant, and what stands after the words that say so. */
export type DeviceMatch =
  { readonly ok: true; readonly matches: boolean; readonly rest: string } | { readonly ok: false };

const HEX = '\\s*[+-]?(?:0[xX])?([0-9a-fA-F]+)';
const FOUR_IDS = new RegExp(`^${HEX}:${HEX}:${HEX}:${HEX}`);
const TWO_IDS = new RegExp(`^${HEX}:${HEX}`);
const STEP = new RegExp(`^${HEX}\\.${HEX}$`);
const WITH_SEGMENT = new RegExp(`^${HEX}:${HEX}:${HEX}\\.${HEX}$`);
const WITHOUT_SEGMENT = new RegExp(`^${HEX}:${HEX}\\.${HEX}$`);

const numbers = (match: RegExpExecArray, bits = 32): readonly number[] =>
  match.slice(1).map((digits) => Number(BigInt.asUintN(bits, BigInt(`0x${digits}`))));

/**
 * Whether the head of a kernel parameter names this function: `pci:VVVV:DDDD[:SSSS:ssss]`, where 0 stands for any, or
 * `[DDDD:]BB:dd.f[/dd.f]*`, a path of bridges from above.
 *
 * Linux: drivers/pci/pci.c pci_dev_str_match()
 */
export function pciDevStrMatch(fn: PciFunction, text: string): DeviceMatch {
  if (!text.startsWith('pci:')) {
    const end = text.indexOf(';');
    const path = end < 0 ? text : text.slice(0, end);
    const matches = matchPath(fn, path);
    return matches === null ? { ok: false } : { ok: true, matches, rest: text.slice(path.length) };
  }
  const ids = text.slice('pci:'.length);
  const match = FOUR_IDS.exec(ids) ?? TWO_IDS.exec(ids);
  if (match === null) return { ok: false };
  const asked = numbers(match, 16);
  const { subsystem } = fn.spec;
  const has = [fn.vendorId, fn.deviceId, subsystem?.vendorId ?? 0, subsystem?.deviceId ?? 0];
  const matches = asked.every((id, index) => id === 0 || id === has[index]);
  return { ok: true, matches, rest: ids.slice(match[0].length) };
}

/** Null: it cannot be read. Linux: pci_dev_str_match_path() */
function matchPath(start: PciFunction, path: string): boolean | null {
  const [top = '', ...steps] = path.split('/');
  let fn = start;
  for (const step of steps.toReversed()) {
    const match = STEP.exec(step);
    if (match === null) return null;
    const [slot = 0, func = 0] = numbers(match);
    if (fn.address.devfn !== devfn(slot, func)) return false;
    const above = upstreamBridge(fn);
    if (above === null) return false;
    fn = above;
  }
  const whole = WITH_SEGMENT.exec(top);
  const match = whole ?? WITHOUT_SEGMENT.exec(top);
  if (match === null) return null;
  const [bus = 0, slot = 0, func = 0] = numbers(match).slice(whole === null ? 0 : 1);
  const domain = whole === null ? 0 : (numbers(whole)[0] ?? 0);
  const { address } = fn;
  return domain === address.domain && bus === address.bus && address.devfn === devfn(slot, func);
}

/** Linux: PCI_DEVFN() */
const devfn = (slot: number, func: number): number => devfnOf(slot & 0x1f, func & 7);

/** Linux: include/linux/pci.h pci_upstream_bridge(), which starts at a virtual function's physical one */
function upstreamBridge(fn: PciFunction): PciFunction | null {
  const { virtualOf } = fn.spec;
  const physical = virtualOf === null ? fn : (fn.bus.topology.find(virtualOf) ?? fn);
  return physical.bus.parent === null ? null : physical.bus.self;
}
