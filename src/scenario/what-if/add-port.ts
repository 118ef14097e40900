import { devfnOf, slotOf, type PciAddress } from '../../engine/pci/address';
import { plainSpec, type PciFunctionSpec } from '../../engine/pci/function-spec';
import { ACS_BITS } from '../../engine/pci/regs';
import { addCard, type CardId } from './add-card';
import { addFunction } from './at-run-time';
import { unchanged, type Changed } from './changed';
import { freePorts } from './free-ports';
import { MachineText } from './machine-text';
import { formatAddress } from '../pci-line';
import * as says from '../../words/scenario/what-if';

/** A root port that the machine does not have yet: the first device number and the first bus that nobody has. */
export function newPort({ functions }: Pick<MachineText, 'functions'>): PciFunctionSpec | string {
  const model = functions.find(({ spec }) => spec.kind === 'root-port')?.spec.address;
  const { domain, bus } = model ?? { domain: 0, bus: 0 };
  const taken = new Set<number>();
  let last = 0;
  for (const { spec } of functions) {
    if (spec.address.domain !== domain) continue;
    if (spec.address.bus === bus) taken.add(slotOf(spec.address.devfn));
    last = Math.max(last, spec.address.bus, spec.buses?.subordinate ?? 0);
  }
  const device = Array.from({ length: 31 }, (_, index) => index + 1).find((each) => !taken.has(each));
  if (device === undefined) return says.theRootBusHasNoDevice;
  if (last >= 255) return says.thereIsNoBusNumberLeft;
  const address: PciAddress = { domain, bus, devfn: devfnOf(device, 0) };
  return {
    ...plainSpec(address, 'root-port'),
    vendorId: 0x1b36,
    deviceId: 0x000c,
    buses: { secondary: last + 1, subordinate: last + 1 },
    acs: { cap: ISOLATING, ctrl: null },
    driver: 'pcieport',
  };
}

/** What keeps the functions behind it from reaching each other past the IOMMU. */
const ISOLATING = ACS_BITS.filter(([name]) => ['SV', 'RR', 'CR', 'UF'].includes(name)).reduce(
  (all, [, bit]) => all | bit,
  0,
);

/** One more root port with a card in its slot, while the machine runs. */
export function addPortWithCard(script: string, card: CardId): Changed {
  const port = newPort(new MachineText(script));
  if (typeof port === 'string') return unchanged(port);
  const added = addFunction(script, port);
  return added.ok ? addCard(added.script, formatAddress(port.address), card) : added;
}

/** A card where there is room for it: in a free slot, else behind a root port of its own. */
export function addCardAnywhere(script: string, card: CardId): Changed {
  const free = freePorts(script).find((port) => port.buses !== null);
  return free === undefined
    ? addPortWithCard(script, card)
    : addCard(script, formatAddress(free.address), card);
}
