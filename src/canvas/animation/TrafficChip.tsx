import type { ReactNode } from 'react';
import type { TrafficObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import type { Objects } from '../layout/tree';
import { Chip } from '../nodes/NodeCard';
import * as says from '../../words/canvas/animation';
import { grouped } from '../../words/locale';

/** The device does DMA all the time: how much so far, and how much of it did not get through. Stands still. */
export function TrafficChip({ deviceId }: { readonly deviceId: WorldId }): ReactNode {
  const accesses = useApp((s) => sumOf(trafficOf(s.objects, deviceId), 'accesses'));
  const blocked = useApp((s) => sumOf(trafficOf(s.objects, deviceId), 'blocked'));
  const on = useApp((s) => trafficOf(s.objects, deviceId).length > 0);
  if (!on) return null;
  return (
    <Chip tone={blocked > 0 ? 'fault' : 'plain'} title={says.trafficSoFar(accesses, blocked)}>
      ⇄ {grouped(accesses)}
      {blocked > 0 && ` ⊘ ${grouped(blocked)}`}
    </Chip>
  );
}

let known: { readonly objects: Objects; readonly byDevice: ReadonlyMap<WorldId, TrafficObject[]> } | null =
  null;

/** A world's traffic by device, found once for all cards. */
function trafficOf(objects: Objects, deviceId: WorldId): readonly TrafficObject[] {
  if (known?.objects !== objects) {
    const byDevice = new Map<WorldId, TrafficObject[]>();
    for (const id in objects) {
      const object = id.startsWith('traffic:') ? objects[id] : undefined;
      if (object?.type !== 'traffic') continue;
      const same = byDevice.get(object.deviceId);
      if (same === undefined) byDevice.set(object.deviceId, [object]);
      else same.push(object);
    }
    known = { objects, byDevice };
  }
  return known.byDevice.get(deviceId) ?? NONE;
}
const NONE: readonly TrafficObject[] = [];

const sumOf = (traffic: readonly TrafficObject[], what: 'accesses' | 'blocked'): number =>
  traffic.reduce((sum, each) => sum + each[what], 0);
