import type { BufferObject, ContextObject, DeviceObject, IdevObject, IoasObject } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { driverLine, isVfio, scriptName, shortBdf, vfioDriver } from '../store/script';
import { find, type Objects } from '../store/object-words';

/** What commands say to the script. */

/** Gives a device to a context, doing first what that needs: a vfio driver, and the context itself when it is new. */
export function bindLines(
  script: string,
  device: DeviceObject,
  context: ContextObject | null,
): readonly string[] {
  const lines: string[] = [];
  if (device.driver === null || !isVfio(device.driver.name))
    lines.push(driverLine(device, vfioDriver(device)));
  const ctx = context === null ? freshName(script, 'ctx') : scriptName(context);
  if (context === null) lines.push(`${ctx} = open /dev/iommu`);
  lines.push(`${freshName(script, 'dev')} = BIND ${ctx} ${shortBdf(device.bdf)}`);
  return lines;
}

/** A new IOAS, and the device on it: in its own context, or with all that comes before. */
export function attachToNewLines(
  script: string,
  device: DeviceObject,
  idev: IdevObject | null,
  context: ContextObject | null,
): readonly string[] {
  const ioas = freshName(script, 'ioas');
  const verb = idev === null || idev.hwptId === null ? 'ATTACH' : 'REPLACE';
  const before = idev === null ? bindLines(script, device, context) : [];
  const ctx = context === null ? freshName(script, 'ctx') : scriptName(context);
  const dev = idev === null ? freshName(script, 'dev') : scriptName(idev);
  return [...before, `${ioas} = IOAS_ALLOC ${ctx}`, `${verb} ${dev} ${ioas}`];
}

export const newIoasLine = (script: string, context: ContextObject): string =>
  `${freshName(script, 'ioas')} = IOAS_ALLOC ${scriptName(context)}`;

/** An address space in a context that is open, or in a new one. */
export function newSpaceLines(script: string, context: ContextObject | null): readonly string[] {
  if (context !== null) return [newIoasLine(script, context)];
  const ctx = freshName(script, 'ctx');
  return [`${ctx} = open /dev/iommu`, `${freshName(script, 'ioas')} = IOAS_ALLOC ${ctx}`];
}

export interface HwptOptions {
  readonly nestParent: boolean;
  readonly dirty: boolean;
}

export const newHwptLine = (
  script: string,
  idev: IdevObject,
  ioas: IoasObject,
  options: HwptOptions,
): string =>
  [
    `${freshName(script, 'hwpt')} = HWPT_ALLOC ${scriptName(idev)} ${scriptName(ioas)}`,
    ...(options.nestParent ? ['nest-parent'] : []),
    ...(options.dirty ? ['dirty'] : []),
  ].join(' ');

export interface MapRequest {
  /** A buffer of the script, or memory to be made. */
  readonly buffer: string | null;
  readonly process: string;
  readonly size: string;
  readonly pages: string;
  /** Empty: the kernel chooses. */
  readonly iova: string;
  /** Empty: all of it. */
  readonly length: string;
  readonly access: string;
  /** The process that makes the call, where it is not who opened the context: each maps its own memory. */
  readonly by?: string;
}

export function mapLines(script: string, ioas: IoasObject, request: MapRequest): readonly string[] {
  const buffer = request.buffer ?? freshName(script, 'buf');
  const options = [
    ...(request.iova.trim() === '' ? [] : [`iova=${request.iova.trim()}`]),
    ...(request.length.trim() === '' ? [] : [`len=${request.length.trim()}`]),
  ];
  if (request.by !== undefined && request.by !== '') options.push(`by=${request.by}`);
  const map = ['IOAS_MAP', scriptName(ioas), buffer, ...options, request.access].join(' ');
  return request.buffer === null ? [mmapLine(script, request), map] : [map];
}

export function mmapLine(script: string, request: Pick<MapRequest, 'process' | 'size' | 'pages'>): string {
  const pages = request.pages === '' ? '' : ` pages=${request.pages}`;
  return `${freshName(script, 'buf')} = mmap ${request.process} ${request.size.trim()}${pages}`;
}

export const unmapLine = (ioas: IoasObject, iova: bigint, last: bigint): string =>
  `IOAS_UNMAP ${scriptName(ioas)} iova=0x${iova.toString(16)} len=0x${(last - iova + 1n).toString(16)}`;

export interface DmaRequest {
  readonly access: 'read' | 'write';
  readonly iova: string;
  readonly length: string;
  /** Empty: its requests carry none. */
  readonly pasid?: string;
}

export const dmaLine = (device: DeviceObject, { access, iova, length, pasid = '' }: DmaRequest): string =>
  `dma ${shortBdf(device.bdf)} ${access} ${iova.trim()} ${length.trim()}${pasid.trim() === '' ? '' : ` pasid=${pasid.trim()}`}`;

/** An address at which a DMA of this device would meet memory, if any is mapped. */
export function firstMappedIova(objects: Objects, device: DeviceObject): bigint | null {
  const hwpt = find(objects, device.hwptId ?? find(objects, device.groupId, 'group')?.hwptId, 'hwpt');
  return find(objects, hwpt?.ioasId, 'ioas')?.areas[0]?.iova ?? null;
}

/** PASIDs that something serves. */
export const pasidsOf = (objects: Objects, device: DeviceObject): readonly number[] =>
  find(objects, device.groupId, 'group')?.pasids.map(({ pasid }) => pasid) ?? [];

/** Names of buffers that the script can use. */
export const namedBuffers = (buffers: readonly BufferObject[]): readonly string[] =>
  buffers.flatMap((buffer) => (buffer.name === null ? [] : [buffer.name]));
