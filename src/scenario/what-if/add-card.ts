import { devfnOf } from '../../engine/pci/address';
import { plainSpec, type PciFunctionSpec, type PciKind } from '../../engine/pci/function-spec';
import { addFunction } from './at-run-time';
import { changed, unchanged, type Changed } from './changed';
import { formatPciLine } from '../pci-line';
import { behind } from './free-ports';
import { MachineText } from './machine-text';
import * as says from '../../words/scenario/what-if';

/** Cards that a person may have in a drawer, with the ids and the ACS of real ones. */
export const CARDS = [
  { id: 'nic', name: says.aNetworkCard },
  { id: 'gpu', name: says.aGraphicsCardWithAudio },
  { id: 'nvme', name: says.anNVMeDrive },
  { id: 'usb', name: says.aUsbController },
  { id: 'dual-nic', name: says.aNetworkCardOfTwoFunctions },
  { id: 'sriov-nic', name: says.aNetworkCardWithSrIov },
] as const;
export type CardId = (typeof CARDS)[number]['id'];

type Part = Partial<PciFunctionSpec> & {
  readonly kind: PciKind;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly classCode: number;
};

const PARTS: Readonly<Record<CardId, readonly Part[]>> = {
  nic: [endpoint(0x8086, 0x15f3, 0x020000, 'igc', 'Intel Corporation Ethernet Controller I225-V')],
  gpu: [
    endpoint(0x10de, 0x1b80, 0x030000, 'nouveau', 'NVIDIA Corporation GP104 [GeForce GTX 1080]', true),
    endpoint(
      0x10de,
      0x10f0,
      0x040300,
      'snd_hda_intel',
      'NVIDIA Corporation GP104 High Definition Audio',
      true,
    ),
  ],
  nvme: [endpoint(0x144d, 0xa808, 0x010802, 'nvme', 'Samsung Electronics Co Ltd NVMe SSD SM981/PM981')],
  usb: [endpoint(0x1b73, 0x1100, 0x0c0330, 'xhci_hcd', 'Fresco Logic FL1100 USB 3.0 Host Controller')],
  'dual-nic': [
    endpoint(0x14e4, 0x165f, 0x020000, 'tg3', 'Broadcom NetXtreme BCM5720 port 1', true),
    endpoint(0x14e4, 0x165f, 0x020000, 'tg3', 'Broadcom NetXtreme BCM5720 port 2', true),
  ],
  'sriov-nic': [
    {
      ...endpoint(0x8086, 0x10fb, 0x020000, 'ixgbe', 'Intel Corporation 82599ES 10-Gigabit SFI/SFP+'),
      sriov: { total: 64, vfDevice: 0x10ed, offset: 128, stride: 2 },
    },
  ],
};

function endpoint(
  vendorId: number,
  deviceId: number,
  classCode: number,
  driver: string,
  label: string,
  multifunction = false,
): Part {
  return { kind: 'endpoint', vendorId, deviceId, classCode, driver, label, multifunction };
}

/** The lines that say what is in a slot once the card is in it. */
export const cardLines = (domain: number, bus: number, card: CardId): readonly string[] =>
  cardSpecs(domain, bus, card).map(formatPciLine);

const cardSpecs = (domain: number, bus: number, card: CardId): readonly PciFunctionSpec[] =>
  PARTS[card].map((part, fn) => ({
    ...plainSpec({ domain, bus, devfn: devfnOf(0, fn) }, part.kind),
    ...part,
  }));

/** Plugs a card into the slot behind a port, while the machine runs. */
export function addCard(script: string, port: string, card: CardId): Changed {
  const machine = new MachineText(script);
  const line = machine.find(port);
  if (line === null) return unchanged(says.isNoFunctionOfThisScript(port));
  const { kind, buses, address } = line.spec;
  if (kind !== 'root-port' && kind !== 'downstream-port') return unchanged(says.isNoPortWithASlot(port));
  if (buses === null) return unchanged(says.firmwareLeftNoBusNumberBehind(port));
  if (behind(machine, line).length > 0) return unchanged(says.theSlotBehindIsTaken(port));
  let now = script;
  for (const spec of cardSpecs(address.domain, buses.secondary, card)) {
    const added = addFunction(now, spec);
    if (!added.ok) return added;
    now = added.script;
  }
  return changed(now);
}
