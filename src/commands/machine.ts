import { freshName } from '../scenario/edit';
import { all } from '../store/object-words';
import { onNothing, type Command } from './command';
import { hasBooted } from './hardware';
import { newSpaceLines } from './lines';
import type { AppState } from '../store/types';

/** What needs no object: it makes something, or is about the machine as a whole. */

const isEmpty = ({ script }: AppState): boolean => script.trim() === '';

export const MACHINE_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'new.context',
    label: 'New iommufd context',
    verb: 'open',
    group: 'make',
    words: '/dev/iommu file',
    lines: (_none, { script }) => [`${freshName(script, 'ctx')} = open /dev/iommu`],
  }),
  onNothing({
    id: 'new.ioas',
    label: 'New IOAS',
    verb: 'IOAS_ALLOC',
    group: 'make',
    words: 'address space',
    lines: (_none, { script, objects }) => newSpaceLines(script, all(objects, 'context')[0] ?? null),
  }),
  onNothing({
    id: 'new.memory',
    label: 'New process memory',
    verb: 'mmap',
    group: 'make',
    words: 'buffer qemu',
    lines: (_none, { script }) => [`${freshName(script, 'buf')} = mmap qemu 2M`],
  }),
  onNothing({
    id: 'new.device',
    label: 'Add a PCI function',
    verb: 'pci',
    group: 'make',
    words: 'plug hot-add endpoint bridge card',
    draft: (_none, app) => `pci ${freeBdf(app)} endpoint id=8086:10d3 class=020000 "Network card"`,
  }),
  onNothing({
    id: 'new.platform',
    menu: 'never',
    label: 'Add a platform device',
    verb: 'platform',
    group: 'make',
    words: 'device tree ACPI',
    against: (app) => (hasBooted(app) ? 'Linux is running: such devices are listed before it boots.' : null),
    draft: () => 'platform fe500000.dma-controller stream=1 msi',
  }),
  onNothing({
    id: 'machine.boot',
    menu: 'ready',
    label: 'Boot Linux',
    verb: 'boot',
    group: 'edit',
    words: 'start kernel',
    fits: (app) => !isEmpty(app),
    against: (app) => (hasBooted(app) ? 'Linux is running.' : null),
    lines: () => ['boot'],
  }),
  onNothing({
    id: 'machine.flush',
    menu: 'ready',
    label: 'Let 10 ms pass',
    verb: 'flush-queue-timer',
    group: 'time',
    words: 'lazy IOTLB flush queue',
    fits: hasBooted,
    lines: () => ['flush-queue-timer'],
  }),
  onNothing({
    id: 'machine.rescan',
    menu: 'never',
    label: 'Look for new devices',
    verb: 'echo',
    group: 'edit',
    words: '/sys/bus/pci/rescan hot-add',
    fits: hasBooted,
    lines: () => ['echo 1 /sys/bus/pci/rescan'],
  }),
  onNothing({
    id: 'machine.fail',
    menu: 'never',
    label: 'Let an allocation fail',
    verb: 'fail-nth',
    group: 'edit',
    words: 'memory ENOMEM inject',
    draft: () => 'fail-nth 1',
  }),
  onNothing({
    id: 'machine.note',
    menu: 'ready',
    label: 'Write a note',
    verb: 'note',
    group: 'make',
    words: 'caption tell',
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
