import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { MachineText, type PciLine } from './machine-text';

/** Ports that a card can be plugged into: nothing is behind them, and a slot leads to them. */
export function freePorts(script: string): readonly PciFunctionSpec[] {
  const machine = new MachineText(script);
  return machine.functions
    .filter((line) => SLOTS.has(line.spec.kind) && behind(machine, line).length === 0)
    .map(({ spec }) => spec);
}

const SLOTS: ReadonlySet<string> = new Set(['root-port', 'downstream-port']);

/** What is on a bridge's own bus, virtual functions included. */
export function behind({ functions }: MachineText, { spec }: PciLine): readonly PciLine[] {
  const bus = spec.buses?.secondary;
  return functions.filter(
    (each) => each.spec.address.domain === spec.address.domain && each.spec.address.bus === bus,
  );
}
