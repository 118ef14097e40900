/** Cards to plug in, and why a change of the machine is impossible. */

export const isNoFunctionOfThisScript = (bdf: string): string => `${bdf} is no function of this script`;
export const hasNoSrIovCapability = (bdf: string): string =>
  `${bdf} has no SR-IOV capability that the script tells of`;
export const canHave0ToVirtualFunctions = (bdf: string, total: number): string =>
  `${bdf} can have 0 to ${total} virtual functions`;
export const isAVirtualFunctionARescan = (bdf: string): string =>
  `${bdf} is a virtual function: a rescan does not find those`;
export const isThereAlready = (name: string): string => `${name} is there already`;

export const aNetworkCard = 'a network card';
export const aGraphicsCardWithAudio = 'a graphics card with audio';
export const anNVMeDrive = 'an NVMe drive';
export const aUsbController = 'a USB controller';
export const aNetworkCardOfTwoFunctions = 'a network card of two functions, without ACS';
export const aNetworkCardWithSrIov = 'a network card with SR-IOV';
export const isNoPortWithASlot = (port: string): string => `${port} is no port with a slot behind it`;
export const firmwareLeftNoBusNumberBehind = (port: string): string =>
  `firmware left no bus number behind ${port}`;
export const theSlotBehindIsTaken = (port: string): string => `the slot behind ${port} is taken`;

export const theRootBusHasNoDevice = 'the root bus has no device number left';
export const thereIsNoBusNumberLeft = 'there is no bus number left';

export const isNoPortWithASlotBehind = (toPort: string): string =>
  `${toPort} is no port with a slot behind it`;
export const isOnThatCardItself = (toPort: string): string => `${toPort} is on that card itself`;
export const isBehindAlready = (bdf: string, toPort: string): string => `${bdf} is behind ${toPort} already`;
export const isOnARootBus = (bdf: string): string =>
  `${bdf} is on a root bus: it is part of the chipset, not on a card`;
export const thereAreNotBusNumbersLeft = (needed: number, bdf: string): string =>
  `there are not ${needed} bus numbers left behind ${bdf} for this card`;

export const hasNoAcsCapabilitySoThere = (bdf: string): string =>
  `${bdf} has no ACS capability, so there is no bit to switch; pcie_acs_override is for such`;
export const cannotDo = (bdf: string, list: string): string => `${bdf} cannot do ${list}`;
