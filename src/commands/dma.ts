import type { DeviceObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { find } from '../store/object-words';
import { scriptName, shortBdf } from '../store/script';
import type { AppState } from '../store/types';
import { byteSize } from '../ui/numbers';
import { onObject, say, type Command } from './command';
import { dmaLine, firstMappedIova } from './lines';
import { isPci, makesDma } from './objects';
import * as says from '../words/commands/dma';

/** What a device does to memory: once, in a burst, and from now on. */

const LENGTH = '64';
const UNMAPPED = 0x10_0000n;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

const iovaFor = (device: DeviceObject, { objects }: AppState): bigint =>
  firstMappedIova(objects, device) ?? UNMAPPED;

const once = (device: DeviceObject, app: AppState, access: 'read' | 'write'): readonly string[] => [
  dmaLine(device, { access, iova: hex(iovaFor(device, app)), length: LENGTH }),
];

const PATTERNS = [
  { pattern: 'ring', detail: says.oneAfterAnotherAndRoundAgain },
  { pattern: 'random', detail: says.anywhereInWhatIsMapped },
  { pattern: 'scatter', detail: says.listsOfPiecesOfUnevenSizes },
] as const;

export const DMA_COMMANDS: readonly Command[] = [
  onObject('device', {
    id: 'device.dma-write',
    label: says.fireADmaWrite,
    verb: 'dma',
    group: 'dma',
    words: says.packetRequestFinds,
    fits: makesDma,
    lines: (device, app) => once(device, app, 'write'),
  }),
  onObject('device', {
    id: 'device.dma-read',
    label: says.fireADmaRead,
    verb: 'dma',
    group: 'dma',
    words: says.packetRequestFinds,
    fits: makesDma,
    lines: (device, app) => once(device, app, 'read'),
  }),
  onObject('device', {
    id: 'device.dma-at',
    label: says.fireADmaAtAnAddress,
    verb: 'dma',
    group: 'dma',
    words: says.iovaPasidFinds,
    fits: makesDma,
    draft: (device, app) => once(device, app, 'write').join(''),
  }),
  onObject('device', {
    id: 'device.burst',
    label: says.fireABurstOfDMAs,
    verb: 'burst',
    group: 'dma',
    words: says.manyHundredIotlbPatternFinds,
    fits: makesDma,
    choices: (device, app) =>
      PATTERNS.map(({ pattern, detail }) => ({
        key: pattern,
        label: `200 writes, ${pattern}`,
        detail,
        run: () =>
          say(app, [
            `burst ${shortBdf(device.bdf)} write ${rangeFor(device, app)} 64 count=200 pattern=${pattern}`,
          ]),
      })),
  }),
  onObject('device', {
    id: 'device.traffic',
    label: says.startTraffic,
    verb: 'traffic',
    group: 'dma',
    words: says.backgroundPacketsGapReplaceRingRandomScatterFinds,
    help: says.anAccessWhereverSomebodyElseCould,
    fits: makesDma,
    choices: (device, app) =>
      PATTERNS.map(({ pattern, detail }) => ({
        key: pattern,
        label: pattern,
        detail,
        type: 'device',
        run: () =>
          say(app, [
            `${freshName(app.script, 'traffic')} = traffic ${shortBdf(device.bdf)} write ${rangeFor(device, app)} 64 pattern=${pattern}`,
          ]),
      })),
  }),
  onObject('device', {
    id: 'device.stop',
    menu: 'ready',
    label: says.stopItsTraffic,
    verb: 'stop',
    group: 'dma',
    fits: makesDma,
    against: (device, app) => (trafficOf(device, app).length > 0 ? null : says.itHasNoTrafficRunning),
    lines: (device, app) => trafficOf(device, app).map((traffic) => `stop ${scriptName(traffic)}`),
  }),
  onObject('traffic', {
    id: 'traffic.stop',
    label: says.stopThisTraffic,
    verb: 'stop',
    group: 'dma',
    lines: (traffic) => [`stop ${scriptName(traffic)}`],
  }),
  onObject('device', {
    id: 'device.page-request',
    menu: 'ready',
    label: says.askForAPage,
    verb: 'page-request',
    group: 'dma',
    words: says.priIopfFaultFinds,
    fits: (device) => makesDma(device) && isPci(device),
    against: (device) => (device.services.includes('PRI') ? null : says.itsPriIsOffItCannot),
    draft: (device, app) => `page-request ${shortBdf(device.bdf)} ${hex(iovaFor(device, app))} rw last`,
  }),
  onObject('device', {
    id: 'device.dma-map',
    menu: 'ready',
    label: says.handItMemoryAsItsDriverDoes,
    verb: 'dma_map_single',
    group: 'dma',
    words: says.dmaApiFinds,
    fits: makesDma,
    against: (device, app) => {
      if (device.driver === null) return says.itHasNoDriverNobodyWould;
      if (device.driver.managed) return says.itsDriverDoesNotUse(device.driver.name);
      return buffersOf(app).length === 0 ? says.thereIsNoMemoryToHand : null;
    },
    choices: (device, app) =>
      buffersOf(app).map(({ name, bytes }) => ({
        key: name,
        label: name,
        detail: byteSize(bytes),
        type: 'process',
        run: () =>
          say(app, [
            `${freshName(app.script, 'addr')} = dma_map_single ${shortBdf(device.bdf)} ${name} both`,
          ]),
      })),
  }),
];

/** What is mapped first for it, else the addresses where something could be. */
function rangeFor(device: DeviceObject, app: AppState): string {
  const { objects } = app;
  const hwpt = find(objects, device.hwptId ?? find(objects, device.groupId, 'group')?.hwptId, 'hwpt');
  const area = find(objects, hwpt?.ioasId, 'ioas')?.areas[0];
  return area === undefined
    ? `${hex(UNMAPPED)}-${hex(UNMAPPED + 0xffffn)}`
    : `${hex(area.iova)}-${hex(area.last)}`;
}

const trafficOf = (device: DeviceObject, { objects }: AppState) =>
  Object.values(objects).filter((each) => each.type === 'traffic' && each.deviceId === device.id);

export interface NamedBuffer {
  readonly name: string;
  readonly bytes: number;
  readonly process: string;
}

/** Memory of processes that the script has a name for. */
export const buffersOf = ({ objects }: AppState): readonly NamedBuffer[] =>
  Object.values(objects).flatMap((object) =>
    object.type === 'process'
      ? object.buffers.flatMap(({ name, bytes }) =>
          name === null ? [] : [{ name, bytes, process: object.title }],
        )
      : [],
  );
