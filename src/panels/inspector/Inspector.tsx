import { memo } from 'react';
import type { WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { unreachable } from '../../lib/invariant';
import { kindOf } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { useAfterPaint } from '../shared/use-after-paint';
import { detailOf, HUE, titleOf, TYPE_NAME } from '../shared/words';
import { AccessView, FaultQueueView, SelftestView } from './AccessViews';
import { ContextView } from './ContextView';
import { DeviceView } from './DeviceView';
import { GroupView } from './GroupView';
import { HwptView } from './HwptView';
import { IoasView } from './IoasView';
import { IommuView } from './IommuView';
import { MachineView } from './MachineView';
import { MarkedView } from './MarkedView';
import { ProcessView } from './ProcessView';
import { TaskView } from './TaskView';
import { TrafficView } from './TrafficView';
import { HwQueueView, VdeviceView, VeventqView, ViommuView } from './ViommuViews';
import './inspector.css';

/** Everything about the selected object, and what can be done with it; without a selection, about the machine. */
export function Inspector() {
  const now = useApp((state) => (state.selection === null ? undefined : state.objects[state.selection]));
  // What is new of an object may be told a moment later: the canvas goes first.
  const late = useAfterPaint(now);
  const object = now === undefined ? undefined : (late ?? now);
  const marked = useApp((state) => state.marked);
  if (marked.length > 1) return <MarkedView ids={marked} />;
  if (object === undefined) return <MachineView />;
  const detail = detailOf(object);
  return (
    <article key={object.id} aria-labelledby="inspected">
      <header className="inspected" style={{ ['--k' as string]: HUE[object.type] }}>
        <p className="inspected-type">
          <ObjectGlyph kind={kindOf(object)} />
          {TYPE_NAME[object.type]}
        </p>
        <h2 id="inspected">{titleOf(object)}</h2>
        {detail !== null && (
          <p className="prose">{object.type === 'device' ? detail : <code>{detail}</code>}</p>
        )}
      </header>
      <View object={object} />
    </article>
  );
}

const View = memo(function View({ object }: { readonly object: WorldObject }) {
  switch (object.type) {
    case 'device':
      return <DeviceView device={object} />;
    case 'idev':
      return <BoundView deviceId={object.deviceId} />;
    case 'group':
      return <GroupView group={object} />;
    case 'iommu':
      return <IommuView iommu={object} />;
    case 'context':
      return <ContextView context={object} />;
    case 'ioas':
      return <IoasView ioas={object} />;
    case 'hwpt':
      return <HwptView hwpt={object} />;
    case 'access':
      return <AccessView access={object} />;
    case 'fault':
      return <FaultQueueView queue={object} />;
    case 'viommu':
      return <ViommuView viommu={object} />;
    case 'vdevice':
      return <VdeviceView vdevice={object} />;
    case 'veventq':
      return <VeventqView queue={object} />;
    case 'hw-queue':
      return <HwQueueView queue={object} />;
    case 'selftest':
      return <SelftestView mock={object} />;
    case 'task':
      return <TaskView task={object} />;
    case 'traffic':
      return <TrafficView traffic={object} />;
    case 'process':
      return <ProcessView process={object} />;
    default:
      return unreachable(object);
  }
});

/** A bound device is best shown as the device that it binds. */
function BoundView({ deviceId }: { readonly deviceId: string }) {
  const device = useApp((state) => state.objects[deviceId]);
  return device?.type === 'device' ? <DeviceView device={device} /> : null;
}
