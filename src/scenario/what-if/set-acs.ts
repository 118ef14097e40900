import { acsBitNames } from '../../engine/pci/regs';
import { changed, unchanged, type Changed } from './changed';
import { MachineText } from './machine-text';
import * as says from '../../words/scenario/what-if';

/**
 * The ACS control register of a function as firmware would leave it; null: as Linux sets it. Bits that the capability
 * lacks cannot be set.
 */
export function setAcs(script: string, bdf: string, ctrl: number | null): Changed {
  const machine = new MachineText(script);
  const line = machine.find(bdf);
  if (line === null) return unchanged(says.isNoFunctionOfThisScript(bdf));
  const { acs } = line.spec;
  if (acs === null) return unchanged(says.hasNoAcsCapabilitySoThere(bdf));
  const lacking = ctrl === null ? 0 : ctrl & ~acs.cap;
  if (lacking !== 0) return unchanged(says.cannotDo(bdf, acsBitNames(lacking).join(', ')));
  const spec = { ...line.spec, acs: { cap: acs.cap, ctrl } };
  return changed(machine.withLines(new Map([[line.at, machine.rewritten(line, spec)]])));
}
