/** Why a card cannot be copied. */

export const isAVirtualFunctionItsPhysical = (name: string): string =>
  `${name} is a virtual function: its physical one makes more of them (sriov_numvfs)`;
export const isABridgeOfTheMachine = (name: string): string =>
  `${name} is a bridge of the machine: copy the cards behind it`;
export const isInNoSlot = (name: string): string => `${name} is in no slot: it is part of the chipset`;
