import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { appendLines } from '../edit';
import { formatStatement } from '../format';
import { formatAddress, formatPciLine } from '../pci-line';
import { changed, unchanged, type Changed } from './changed';
import { MachineText, type PciLine } from './machine-text';
import * as says from '../../words/scenario/what-if';

/** Changes while the machine runs: lines at the end of the script, after `boot`. */

/** Sets the number of virtual functions, as a person does in sysfs. */
export function enableVfs(script: string, bdf: string, count: number): Changed {
  const machine = new MachineText(script);
  const line = machine.find(bdf);
  if (line === null) return unchanged(says.isNoFunctionOfThisScript(bdf));
  const { sriov } = line.spec;
  if (sriov === null) return unchanged(says.hasNoSrIovCapability(bdf));
  if (!Number.isInteger(count) || count < 0 || count > sriov.total)
    return unchanged(says.canHave0ToVirtualFunctions(bdf, sriov.total));
  const path = `/sys/bus/pci/devices/${line.name}/sriov_numvfs`;
  return changed(running(machine, script, [formatStatement({ verb: 'echo', args: [String(count), path] })]));
}

/** Pulls a function out, with everything behind it. */
export function removeFunction(script: string, bdf: string): Changed {
  const machine = new MachineText(script);
  const line = machine.find(bdf);
  if (line === null) return unchanged(says.isNoFunctionOfThisScript(bdf));
  const args = [formatAddress(line.spec.address)];
  return changed(running(machine, script, [formatStatement({ verb: 'remove', args })]));
}

/**
 * Has Linux forget a function with everything behind it, and find it again: the one way to new groups without a boot, as
 * a device's group is decided when it is found.
 */
export function findAgain(script: string, bdf: string): Changed {
  const machine = new MachineText(script);
  const line = machine.find(bdf);
  if (line === null) return unchanged(says.isNoFunctionOfThisScript(bdf));
  if (line.spec.virtualOf !== null) return unchanged(says.isAVirtualFunctionARescan(bdf));
  const echo = (path: string): string => formatStatement({ verb: 'echo', args: ['1', path] });
  const lines = [echo(`/sys/bus/pci/devices/${line.name}/remove`), echo('/sys/bus/pci/rescan')];
  return changed(running(machine, script, lines));
}

/** Plugs a function in. */
export function addFunction(script: string, spec: PciFunctionSpec): Changed {
  const machine = new MachineText(script);
  const name = formatAddress(spec.address);
  const there = machine.find(name);
  if (there !== null && !isRemoved(machine, there)) return unchanged(says.isThereAlready(name));
  return changed(running(machine, script, [formatPciLine(spec)]));
}

const isRemoved = ({ lines }: MachineText, { at, spec }: PciLine): boolean =>
  lines.some(
    ({ statement }, index) =>
      index > at &&
      statement?.verb === 'remove' &&
      statement.args.some((arg) => arg.kind === 'word' && arg.text.endsWith(formatAddress(spec.address))),
  );

/** The kernel has to run first. */
function running({ lines }: MachineText, script: string, added: readonly string[]): string {
  const booted = lines.some(({ statement }) => statement?.verb === 'boot');
  return appendLines(script, booted ? added : ['boot', ...added]);
}
