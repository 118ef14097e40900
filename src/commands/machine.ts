import { freshName } from '../scenario/edit';
import { all } from '../store/object-words';
import { onNothing, type Command } from './command';
import { hasBooted } from './hardware';
import { newSpaceLines } from './lines';
import type { AppState } from '../store/types';
import * as says from '../words/commands/machine';

/** What needs no object: it makes something, or is about the machine as a whole. */

const isEmpty = ({ script }: AppState): boolean => script.trim() === '';

export const MACHINE_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'new.context',
    label: says.newIommufdContext,
    verb: 'open',
    group: 'make',
    words: says.devIommuFileFinds,
    lines: (_none, { script }) => [`${freshName(script, 'ctx')} = open /dev/iommu`],
  }),
  onNothing({
    id: 'new.ioas',
    label: says.newIoas,
    verb: 'IOAS_ALLOC',
    group: 'make',
    words: says.addressSpaceFinds,
    lines: (_none, { script, objects }) => newSpaceLines(script, all(objects, 'context')[0] ?? null),
  }),
  onNothing({
    id: 'new.memory',
    label: says.newProcessMemory,
    verb: 'mmap',
    group: 'make',
    words: says.bufferQemuFinds,
    lines: (_none, { script }) => [`${freshName(script, 'buf')} = mmap qemu 2M`],
  }),
  onNothing({
    id: 'new.device',
    label: says.addAPciFunction,
    verb: 'pci',
    group: 'make',
    words: says.plugHotAddEndpointBridgeCardFinds,
    draft: (_none, app) => `pci ${freeBdf(app)} endpoint id=8086:10d3 class=020000 "Network card"`,
  }),
  onNothing({
    id: 'new.platform',
    menu: 'never',
    label: says.addAPlatformDevice,
    verb: 'platform',
    group: 'make',
    words: says.deviceTreeAcpiFinds,
    against: (app) => (hasBooted(app) ? says.linuxIsRunningSuchDevices : null),
    draft: () => 'platform fe500000.dma-controller stream=1 msi',
  }),
  onNothing({
    id: 'machine.boot',
    menu: 'ready',
    label: says.bootLinux,
    verb: 'boot',
    group: 'edit',
    words: says.startKernelFinds,
    fits: (app) => !isEmpty(app),
    against: (app) => (hasBooted(app) ? says.linuxIsRunning : null),
    lines: () => ['boot'],
  }),
  onNothing({
    id: 'machine.flush',
    menu: 'ready',
    label: says.let10MsPass,
    verb: 'flush-queue-timer',
    group: 'time',
    words: says.lazyIotlbFlushQueueFinds,
    fits: hasBooted,
    lines: () => ['flush-queue-timer'],
  }),
  onNothing({
    id: 'machine.rescan',
    menu: 'never',
    label: says.lookForNewDevices,
    verb: 'echo',
    group: 'edit',
    words: says.sysBusPciRescanHotAddFinds,
    fits: hasBooted,
    lines: () => ['echo 1 /sys/bus/pci/rescan'],
  }),
  onNothing({
    id: 'machine.fail',
    menu: 'never',
    label: says.letAnAllocationFail,
    verb: 'fail-nth',
    group: 'edit',
    words: says.memoryEnomemInjectFinds,
    draft: () => 'fail-nth 1',
  }),
  onNothing({
    id: 'machine.note',
    menu: 'ready',
    label: says.writeANote,
    verb: 'note',
    group: 'make',
    words: says.captionTellFinds,
    draft: () => 'note "What happens here"',
  }),
];

/** An address on the root bus that nothing has. */
function freeBdf({ objects }: AppState): string {
  const taken = new Set(all(objects, 'device').map(({ bdf }) => bdf));
  for (let slot = 1; slot < 32; slot++) {
    const bdf = `00:${slot.toString(16).padStart(2, '0')}.0`;
    if (!taken.has(`0000:${bdf}`)) return bdf;
  }
  return '01:00.0';
}
