import { devfnOf, formatBdf, type PciAddress } from '../../engine/pci/address';
import { classByName } from '../../engine/pci/class-names';
import { newRecord, type LspciRecord } from './record';

/** An address, or with -P and -PP the way to it: `00:1c.4/00.0`, `00:1c.4/07:00.0`. */
const ADDRESS =
  /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])((?:\/(?:[0-9a-f]{2}:)?[01][0-9a-f]\.[0-7])*)[ \t]+(?=\S)/i;
const STEP = /^(?:([0-9a-f]{2}):)?([01][0-9a-f])\.([0-7])$/i;

const NUMERIC = /^(?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})(?![0-9a-f])/i;
const CLASS_NUMBER = / ?\[([0-9a-f]{4})\]:(?: |$)/i;
const IDS = /\[([0-9a-f]{4}):([0-9a-f]{4})\]$/i;
const INTERFACE = /^\(prog-if ([0-9a-f]{2})(?: \[.*\])?\)$/i;
const REVISION = /^\(rev ([0-9a-f]{2})\)$/i;

/** Cheap test before the expensive ones. */
export const mayBeTitle = (text: string): boolean => {
  const colon = text.indexOf(':');
  return colon >= 2 && colon <= 8 && text.length > 10;
};

/** Where a title's function sits. `busBehind` knows the bus behind a bridge that was listed before, by path. */
export function parsePlace(
  text: string,
  busBehind: (path: string) => number | null,
):
  | { readonly address: PciAddress; readonly path: string | null; readonly rest: string }
  | 'unknown-path'
  | null {
  const match = ADDRESS.exec(text);
  if (match === null) return null;
  const [all, domain = '0', bus = '', device = '', fn = '', steps = ''] = match;
  let address: PciAddress = {
    domain: parseInt(domain, 16),
    bus: parseInt(bus, 16),
    devfn: devfnOf(parseInt(device, 16), parseInt(fn, 16)),
  };
  let path = formatBdf(address);
  for (const step of steps.split('/').slice(1)) {
    const [, stepBus, stepDevice = '', stepFn = ''] = STEP.exec(step) ?? [];
    const behind = stepBus === undefined ? busBehind(path) : parseInt(stepBus, 16);
    if (behind === null) return 'unknown-path';
    const devfn = devfnOf(parseInt(stepDevice, 16), parseInt(stepFn, 16));
    address = { domain: address.domain, bus: behind, devfn };
    path = `${path}/${formatBdf(address)}`;
  }
  return { address, path: steps === '' ? null : path, rest: text.slice(all.length) };
}

/** Reads what follows the address. Null when no class is there at all: prose that happens to start with an address. */
export function parseTitle(
  address: PciAddress,
  path: string | null,
  rest: string,
  line: number,
): {
  readonly record: LspciRecord;
  /** A name or number that settles that this is lspci's. */ readonly sure: boolean;
} | null {
  const record = newRecord(address, line, path);
  const body = takeSuffixes(record, rest);

  const numeric = NUMERIC.exec(body);
  if (numeric !== null) {
    record.classCode = parseInt(numeric[1] ?? '', 16);
    record.vendorId = parseInt(numeric[2] ?? '', 16);
    record.deviceId = parseInt(numeric[3] ?? '', 16);
    return { record, sure: true };
  }

  const number = CLASS_NUMBER.exec(body);
  const colon = number === null ? body.indexOf(':') : number.index;
  if (colon <= 0) return null;
  record.className = body.slice(0, colon);
  record.classCode = number === null ? classByName(record.className) : parseInt(number[1] ?? '', 16);
  let name = body.slice(number === null ? colon + 1 : colon + number[0].length).trim();
  const ids = IDS.exec(name);
  if (ids !== null) {
    record.vendorId = parseInt(ids[1] ?? '', 16);
    record.deviceId = parseInt(ids[2] ?? '', 16);
    name = name.slice(0, ids.index).trimEnd();
  }
  record.label = name === '' ? null : name;
  return { record, sure: record.classCode !== null };
}

/** Takes `(rev …)` and `(prog-if …)` off the end. */
function takeSuffixes(record: LspciRecord, rest: string): string {
  const progIf = suffix(rest, '(prog-if ', INTERFACE);
  if (progIf.value !== null) record.interfaceCode = progIf.value;
  const revision = suffix(progIf.before, '(rev ', REVISION);
  if (revision.value !== null) record.revision = revision.value;
  return revision.before;
}

function suffix(
  text: string,
  opening: string,
  pattern: RegExp,
): { readonly before: string; readonly value: number | null } {
  const at = text.lastIndexOf(opening);
  const digits = at < 0 ? undefined : pattern.exec(text.slice(at))?.[1];
  return digits === undefined
    ? { before: text, value: null }
    : { before: text.slice(0, at).trimEnd(), value: parseInt(digits, 16) };
}
