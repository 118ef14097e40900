import { freshName } from '../scenario/edit';
import { find } from '../store/object-words';
import { scriptName } from '../store/script';
import type { AppState } from '../store/types';
import { groupedHex } from '../ui/numbers';
import { onObject, say, type Command } from './command';
import { buffersOf } from './dma';
import { ioasChoices } from './ioas';

/** Memory of programs, and drivers that reach it with the CPU. */

const firstIova = (ioasId: string | null, { objects }: AppState): string =>
  `0x${(find(objects, ioasId, 'ioas')?.areas[0]?.iova ?? 0x10_0000n).toString(16)}`;

export const MEMORY_COMMANDS: readonly Command[] = [
  onObject('process', {
    id: 'process.mmap',
    label: 'Give it memory',
    verb: 'mmap',
    group: 'make',
    words: 'buffer allocate',
    choices: (process, app) => [
      ...['64K', '2M', '1G'].map((size) => ({
        key: size,
        label: size,
        type: 'process' as const,
        run: () => say(app, [`${freshName(app.script, 'buf')} = mmap ${process.title} ${size}`]),
      })),
      {
        key: 'other',
        label: 'another size',
        detail: 'in the console',
        run: () => app.actions.prefill(`${freshName(app.script, 'buf')} = mmap ${process.title} 2M pages=4K`),
      },
    ],
  }),
  onObject('process', {
    id: 'process.memfd',
    label: 'Make a file in memory',
    verb: 'memfd_create',
    group: 'make',
    lines: (process, { script }) => [`${freshName(script, 'file')} = memfd_create ${process.title} 2M`],
  }),
  onObject('process', {
    id: 'process.munmap',
    menu: 'ready',
    label: 'Give memory back',
    verb: 'munmap',
    group: 'edit',
    against: (process) =>
      process.buffers.some(({ name }) => name !== null)
        ? null
        : 'It has no memory that the script has a name for.',
    choices: (process, app) =>
      process.buffers.flatMap(({ name, userVa }) =>
        name === null
          ? []
          : [{ key: name, label: name, detail: groupedHex(userVa), run: () => say(app, [`munmap ${name}`]) }],
      ),
  }),
  onObject('process', {
    id: 'process.store',
    menu: 'never',
    label: 'Write to its memory',
    verb: 'store',
    group: 'edit',
    against: (_process, app) => (buffersOf(app).length === 0 ? 'It has no memory yet.' : null),
    draft: (_process, app) => `store ${buffersOf(app)[0]?.name ?? 'buf'} 0x0 "0x1234"`,
  }),
  onObject('process', {
    id: 'process.exit',
    label: 'End the process',
    verb: 'exit',
    group: 'edit',
    help: 'Its memory is gone; what others have pinned of it stays',
    lines: (process) => [`exit ${process.title}`],
  }),
  onObject('access', {
    id: 'access.pin',
    label: 'Hold pages',
    verb: 'access_pin',
    group: 'dma',
    words: 'iommufd_access_pin_pages',
    fits: (access) => !access.internal,
    against: (access) =>
      access.ioasId === null
        ? 'It is detached.'
        : access.needsPins
          ? null
          : 'It was made without `pin`: it may not hold pages.',
    draft: (access, app) => `access_pin ${scriptName(access)} ${firstIova(access.ioasId, app)} 4K rw`,
  }),
  onObject('access', {
    id: 'access.unpin',
    label: 'Let go of pages',
    verb: 'access_unpin',
    group: 'dma',
    fits: (access) => !access.internal && access.needsPins,
    draft: (access, app) => `access_unpin ${scriptName(access)} ${firstIova(access.ioasId, app)} 4K`,
  }),
  onObject('access', {
    id: 'access.rw',
    label: 'Read or write through it',
    verb: 'access_rw',
    group: 'dma',
    words: 'iommufd_access_rw copy',
    fits: (access) => !access.internal,
    choices: (access, app) =>
      (['read', 'write'] as const).map((way) => ({
        key: way,
        label: way,
        detail: `64 bytes at ${firstIova(access.ioasId, app)}`,
        run: () => say(app, [`access_rw ${scriptName(access)} ${way} ${firstIova(access.ioasId, app)} 64`]),
      })),
  }),
  onObject('access', {
    id: 'access.replace',
    label: 'Move to another IOAS',
    verb: 'access_replace',
    group: 'attach',
    words: 'iommufd_access_replace attach',
    fits: (access) => !access.internal,
    choices: (access, app) =>
      ioasChoices(app, access.contextId, (ioas) => [
        `access_replace ${scriptName(access)} ${scriptName(ioas)}`,
      ]),
  }),
  onObject('access', {
    id: 'access.destroy',
    label: 'End this access',
    verb: 'access_destroy',
    group: 'edit',
    words: 'delete iommufd_access_destroy',
    fits: (access) => !access.internal,
    lines: (access) => [`access_destroy ${scriptName(access)}`],
  }),
];
