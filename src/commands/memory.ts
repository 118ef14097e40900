import { freshName } from '../scenario/edit';
import { find } from '../store/object-words';
import { scriptName } from '../store/script';
import type { AppState } from '../store/types';
import { groupedHex } from '../ui/numbers';
import { onObject, say, type Command } from './command';
import { buffersOf } from './dma';
import { ioasChoices } from './ioas';
import * as says from '../words/commands/memory';

/** Memory of programs, and drivers that reach it with the CPU. */

const firstIova = (ioasId: string | null, { objects }: AppState): string =>
  `0x${(find(objects, ioasId, 'ioas')?.areas[0]?.iova ?? 0x10_0000n).toString(16)}`;

export const MEMORY_COMMANDS: readonly Command[] = [
  onObject('process', {
    id: 'process.mmap',
    label: says.giveItMemory,
    verb: 'mmap',
    group: 'make',
    words: says.bufferAllocateFinds,
    choices: (process, app) => [
      ...['64K', '2M', '1G'].map((size) => ({
        key: size,
        label: size,
        type: 'process' as const,
        run: () => say(app, [`${freshName(app.script, 'buf')} = mmap ${process.title} ${size}`]),
      })),
      {
        key: 'other',
        label: says.anotherSize,
        detail: says.inTheConsole,
        run: () => app.actions.prefill(`${freshName(app.script, 'buf')} = mmap ${process.title} 2M pages=4K`),
      },
    ],
  }),
  onObject('process', {
    id: 'process.memfd',
    label: says.makeAFileInMemory,
    verb: 'memfd_create',
    group: 'make',
    lines: (process, { script }) => [`${freshName(script, 'file')} = memfd_create ${process.title} 2M`],
  }),
  onObject('process', {
    id: 'process.munmap',
    menu: 'ready',
    label: says.giveMemoryBack,
    verb: 'munmap',
    group: 'edit',
    against: (process) => (process.buffers.some(({ name }) => name !== null) ? null : says.itHasNoMemory),
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
    label: says.writeToItsMemory,
    verb: 'store',
    group: 'edit',
    against: (_process, app) => (buffersOf(app).length === 0 ? says.itHasNoMemoryYet : null),
    draft: (_process, app) => `store ${buffersOf(app)[0]?.name ?? 'buf'} 0x0 "0x1234"`,
  }),
  onObject('process', {
    id: 'process.exit',
    label: says.endTheProcess,
    verb: 'exit',
    group: 'edit',
    help: says.itsMemoryIsGoneWhatOthers,
    lines: (process) => [`exit ${process.title}`],
  }),
  onObject('access', {
    id: 'access.pin',
    label: says.holdPages,
    verb: 'access_pin',
    group: 'dma',
    words: says.iommufdAccessPinPagesFinds,
    fits: (access) => !access.internal,
    against: (access) =>
      access.ioasId === null ? says.itIsDetached : access.needsPins ? null : says.itWasMadeWithoutPin,
    draft: (access, app) => `access_pin ${scriptName(access)} ${firstIova(access.ioasId, app)} 4K rw`,
  }),
  onObject('access', {
    id: 'access.unpin',
    label: says.letGoOfPages,
    verb: 'access_unpin',
    group: 'dma',
    fits: (access) => !access.internal && access.needsPins,
    draft: (access, app) => `access_unpin ${scriptName(access)} ${firstIova(access.ioasId, app)} 4K`,
  }),
  onObject('access', {
    id: 'access.rw',
    label: says.readOrWriteThroughIt,
    verb: 'access_rw',
    group: 'dma',
    words: says.iommufdAccessRwCopyFinds,
    fits: (access) => !access.internal,
    choices: (access, app) =>
      (['read', 'write'] as const).map((way) => ({
        key: way,
        label: way,
        detail: says.n64BytesAt(firstIova(access.ioasId, app)),
        run: () => say(app, [`access_rw ${scriptName(access)} ${way} ${firstIova(access.ioasId, app)} 64`]),
      })),
  }),
  onObject('access', {
    id: 'access.replace',
    label: says.moveToAnotherIoas,
    verb: 'access_replace',
    group: 'attach',
    words: says.iommufdAccessReplaceAttachFinds,
    fits: (access) => !access.internal,
    choices: (access, app) =>
      ioasChoices(app, access.contextId, (ioas) => [
        `access_replace ${scriptName(access)} ${scriptName(ioas)}`,
      ]),
  }),
  onObject('access', {
    id: 'access.destroy',
    label: says.endThisAccess,
    verb: 'access_destroy',
    group: 'edit',
    words: says.deleteIommufdAccessDestroyFinds,
    fits: (access) => !access.internal,
    lines: (access) => [`access_destroy ${scriptName(access)}`],
  }),
];
