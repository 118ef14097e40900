import type { AreaObject, IoasObject, WorldObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { all, find, titleOf } from '../store/object-words';
import { scriptName } from '../store/script';
import type { AppState } from '../store/types';
import { byteSize, groupedHex } from '../ui/numbers';
import { onObject, say, type Choice, type Command } from './command';
import { buffersOf } from './dma';
import { mapLines, newHwptLine, unmapLine, type HwptOptions } from './lines';
import { choiceOf } from './objects';
import * as says from '../words/commands/ioas';

const MOST = 40;
const NEW_MEMORY = { buffer: null, pages: '', iova: '', length: '', access: 'rw' };

const HWPT_KINDS: readonly { readonly label: string; readonly options: HwptOptions }[] = [
  { label: says.plain, options: { nestParent: false, dirty: false } },
  { label: says.nestParent, options: { nestParent: true, dirty: false } },
  { label: says.withDirtyTracking, options: { nestParent: false, dirty: true } },
];

const empty = (ioas: IoasObject): string | null =>
  ioas.areas.length === 0 ? says.nothingIsMappedInIt : null;

export const IOAS_COMMANDS: readonly Command[] = [
  onObject('ioas', {
    id: 'ioas.map',
    label: says.mapMemory,
    verb: 'IOAS_MAP',
    group: 'make',
    words: says.mmapBufferIovaFinds,
    choices: mapChoices,
  }),
  onObject('ioas', {
    id: 'ioas.map-file',
    menu: 'never',
    label: says.mapAFileInMemory,
    verb: 'IOAS_MAP_FILE',
    group: 'make',
    words: says.memfdFinds,
    draft: (ioas, app) => `IOAS_MAP_FILE ${scriptName(ioas)} ${memfdOf(app) ?? 'file'} rw`,
  }),
  onObject('ioas', {
    id: 'ioas.unmap',
    label: says.unmap,
    verb: 'IOAS_UNMAP',
    group: 'edit',
    against: empty,
    choices: (ioas, app) => areaChoices(ioas, (area) => say(app, [unmapLine(ioas, area.iova, area.last)])),
  }),
  onObject('ioas', {
    id: 'ioas.unmap-all',
    menu: 'ready',
    label: says.unmapAll,
    verb: 'IOAS_UNMAP all',
    group: 'edit',
    against: empty,
    lines: (ioas) => [`IOAS_UNMAP ${scriptName(ioas)} all`],
  }),
  onObject('ioas', {
    id: 'ioas.copy',
    menu: 'ready',
    label: says.copyAMappingIntoIt,
    verb: 'IOAS_COPY',
    group: 'make',
    against: (ioas, app) => (sources(ioas, app).length === 0 ? says.noIoasOfItsContext : null),
    choices: (ioas, app) =>
      sources(ioas, app).flatMap((from) =>
        areaChoices(from, (area) => say(app, [copyLine(ioas, from, area)]), says.from(titleOf(from))),
      ),
  }),
  onObject('ioas', {
    id: 'ioas.ranges',
    menu: 'ready',
    label: says.askForUsableRanges,
    verb: 'IOAS_IOVA_RANGES',
    group: 'open',
    lines: (ioas) => [`IOAS_IOVA_RANGES ${scriptName(ioas)}`],
  }),
  onObject('ioas', {
    id: 'ioas.allow',
    menu: 'never',
    label: says.keepIOVAsUsable,
    verb: 'IOAS_ALLOW_IOVAS',
    group: 'edit',
    draft: (ioas) => `IOAS_ALLOW_IOVAS ${scriptName(ioas)} 0x0-0xfffffff`,
  }),
  onObject('ioas', {
    id: 'ioas.huge',
    menu: 'never',
    label: says.largePages,
    verb: 'OPTION HUGE_PAGES',
    group: 'edit',
    words: says.hugeFinds,
    choices: (ioas, app) =>
      [true, false].map((on) => ({
        key: String(on),
        label: on ? says.useThem : says.oneEntryAPage,
        current: ioas.hugePages === on,
        run: () => say(app, [`OPTION ${scriptName(ioas)} HUGE_PAGES ${on ? 1 : 0}`]),
      })),
  }),
  onObject('ioas', {
    id: 'ioas.hwpt',
    label: says.newHwpt,
    verb: 'HWPT_ALLOC',
    group: 'make',
    words: says.pageTableDomainNestParentDirtyFinds,
    against: (ioas, app) => (boundBeside(ioas, app).length === 0 ? says.aHwptIs : null),
    choices: (ioas, app) =>
      boundBeside(ioas, app).flatMap((idev) =>
        HWPT_KINDS.map(({ label, options }) => ({
          key: `${idev.id} ${label}`,
          label,
          type: 'hwpt',
          heading: says.forIt(nameOfDevice(app, idev.deviceId)),
          run: () => say(app, [newHwptLine(app.script, idev, ioas, options)]),
        })),
      ),
  }),
  onObject('device', {
    id: 'device.hwpt',
    label: says.newHwpt,
    verb: 'HWPT_ALLOC',
    group: 'make',
    words: says.pageTableDomainNestParentDirtyFinds,
    fits: (device) => device.idevId !== null,
    against: (device, app) =>
      ioasesOf(device.idevId, app).length === 0 ? says.itsContextHasNoIoasMake : null,
    choices: (device, app) => {
      const idev = find(app.objects, device.idevId, 'idev');
      if (idev === null) return [];
      return ioasesOf(idev.id, app).flatMap((ioas) =>
        HWPT_KINDS.map(({ label, options }) => ({
          key: `${ioas.id} ${label}`,
          label,
          type: 'hwpt',
          heading: says.over(titleOf(ioas), ioas.name === null ? '' : `, ${ioas.name}`),
          run: () => say(app, [newHwptLine(app.script, idev, ioas, options)]),
        })),
      );
    },
  }),
  onObject('ioas', {
    id: 'ioas.access',
    label: says.letADriverReachIt,
    verb: 'ACCESS',
    group: 'make',
    words: says.mdevIommufdAccessCreatePinFinds,
    choices: (ioas, app) =>
      [true, false].map((pin) => ({
        key: String(pin),
        label: pin ? says.itMayHoldPages : says.itReadsAndWritesOnly,
        type: 'access',
        run: () =>
          say(app, [`${freshName(app.script, 'mdev')} = ACCESS ${scriptName(ioas)}${pin ? ' pin' : ''}`]),
      })),
  }),
  onObject('ioas', {
    id: 'ioas.vfio',
    menu: 'never',
    label: says.letVFIOsCallsWorkOnIt,
    verb: 'VFIO_IOAS SET',
    group: 'edit',
    words: says.containerCompatibilityFinds,
    lines: (ioas, app) => {
      const context = find(app.objects, ioas.contextId, 'context');
      return context === null ? [] : [`VFIO_IOAS ${scriptName(context)} SET ${scriptName(ioas)}`];
    },
  }),
];

function mapChoices(ioas: IoasObject, app: AppState): readonly Choice[] {
  const context = find(app.objects, ioas.contextId, 'context');
  const process = find(app.objects, context?.processId, 'process')?.title ?? 'qemu';
  const request = { ...NEW_MEMORY, process };
  return [
    ...['2M', '64K'].map((size) => ({
      key: size,
      label: says.newMemory(size),
      detail: `mmap ${process}`,
      type: 'process' as const,
      run: () => say(app, mapLines(app.script, ioas, { ...request, size })),
    })),
    ...buffersOf(app).map((buffer) => ({
      key: says.buffer(buffer.name),
      label: buffer.name,
      detail: byteSize(buffer.bytes),
      type: 'process' as const,
      run: () => {
        const by = buffer.process === process ? '' : buffer.process;
        return say(app, mapLines(app.script, ioas, { ...request, size: '', buffer: buffer.name, by }));
      },
    })),
    {
      key: 'at',
      label: says.atAnIovaOfYourOwn,
      detail: says.inTheConsole,
      run: () =>
        app.actions.prefill(
          `IOAS_MAP ${scriptName(ioas)} ${buffersOf(app)[0]?.name ?? 'buf'} iova=0x100000 rw`,
        ),
    },
  ];
}

const areaChoices = (
  ioas: IoasObject,
  run: (area: AreaObject) => void | Promise<void>,
  heading?: string,
): readonly Choice[] =>
  ioas.areas.slice(0, MOST).map((area) => ({
    key: `${ioas.id} ${area.iova}`,
    label: groupedHex(area.iova),
    detail: `${byteSize(area.last - area.iova + 1n)}${area.buffer === null ? '' : says.ofIt(area.buffer)}`,
    type: 'ioas',
    ...(heading === undefined ? {} : { heading }),
    run: () => run(area),
  }));

/** The one that it copies into comes last: a copy within is rarer. */
const sources = (ioas: IoasObject, { objects }: AppState): readonly IoasObject[] =>
  all(objects, 'ioas')
    .filter((each) => each.contextId === ioas.contextId && each.areas.length > 0)
    .toSorted((a, b) => Number(a.id === ioas.id) - Number(b.id === ioas.id));

/** At the same address in another IOAS, wherever there is room in its own. */
function copyLine(to: IoasObject, from: IoasObject, area: AreaObject): string {
  const access = `${area.read ? 'r' : ''}${area.write ? 'w' : ''}`;
  const length = `0x${(area.last - area.iova + 1n).toString(16)}`;
  const src = `0x${area.iova.toString(16)}`;
  const at = to.id === from.id ? '' : ` iova=${src}`;
  return `IOAS_COPY ${scriptName(to)} ${scriptName(from)} src=${src} len=${length}${at} ${access}`;
}

const boundBeside = (ioas: IoasObject, { objects }: AppState) =>
  all(objects, 'idev').filter((idev) => idev.contextId === ioas.contextId);

const ioasesOf = (idevId: string | null, { objects }: AppState): readonly IoasObject[] => {
  const contextId = find(objects, idevId, 'idev')?.contextId;
  return all(objects, 'ioas').filter((ioas) => ioas.contextId === contextId);
};

const nameOfDevice = ({ objects }: AppState, id: string): string => {
  const device: WorldObject | undefined = objects[id];
  return device === undefined ? id : titleOf(device);
};

/** Files are no objects of the world: the script knows their names. */
const memfdOf = ({ script }: AppState): string | null =>
  /^\s*(\w+)\s*=\s*memfd_create\s/m.exec(script)?.[1] ?? null;

/** An IOAS to choose, wherever one is wanted. */
export const ioasChoices = (
  app: AppState,
  contextId: string,
  lines: (ioas: IoasObject) => readonly string[],
): readonly Choice[] =>
  all(app.objects, 'ioas')
    .filter((ioas) => ioas.contextId === contextId)
    .map((ioas) => choiceOf(ioas, () => say(app, lines(ioas))));
