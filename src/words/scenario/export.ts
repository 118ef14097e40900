/** Comments of an exported C program. */

export const notUnderstood = (raw: string): string => `Not understood: ${raw}`;
export const itHasNotRunNothing = 'It has not run: nothing is known of it.';
export const ofTheSceneAloneThereItIs = (result: string): string =>
  `Of the scene alone; there it is: ${result}`;
export const begunHereOtherLinesCome =
  'Begun here; other lines come in between. A program of one thread makes the call where it ends.';
export const unsignedChar = 'unsigned char';
export const inTheScene = (result: string): string => `In the scene: ${result}`;
export const butInTheScene = (result: string): string => `; in the scene: ${result}`;
export const noCallOfThisProgram = (what: string): string => `No call of this program${what}`;

export const theSameCalls =
  'The same calls as in the scene, on the kernel that this runs on. Each is compared with how it ended there: exit code 0 when ';
export const noneDiffersAddressesOfDevices =
  'none differs. Addresses of devices are those of the scene: put your own in their place. Needs root, and devices bound to vfio-pci. ';
export const theMachineOfTheScene = 'The machine of the scene:';
export const whatTheScriptGaveAName = 'What the script gave a name: descriptors, ids of objects, memory.';
