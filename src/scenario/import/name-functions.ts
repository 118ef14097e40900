import { UNKNOWN_ID, type PciFunctionSpec } from '../../engine/pci/function-spec';
import { parseLine } from '../parse';
import { formatPciLine, specOfArgs } from '../pci-line';
import { pciLineArgs } from '../pci-statement';
import type { PciIds } from './pci-ids';

/** Whether lines have functions that a database of names could name. */
export const wantNames = (lines: readonly string[]): boolean => lines.some((line) => unnamed(line) !== null);

/** Lines of a script with a name for every function that has a number alone. */
export const nameFunctions = (lines: readonly string[], ids: PciIds): readonly string[] =>
  lines.map((line) => {
    const spec = unnamed(line);
    const label = spec && ids.nameOf(spec.vendorId, spec.deviceId);
    return spec === null || label === null ? line : formatPciLine({ ...spec, label });
  });

function unnamed(line: string): PciFunctionSpec | null {
  if (!line.startsWith('pci ')) return null;
  const { statement } = parseLine(line, 1);
  const read = statement && specOfArgs(pciLineArgs(statement.args));
  if (!read?.ok || read.spec.label !== null || read.spec.vendorId === UNKNOWN_ID) return null;
  return read.spec;
}
