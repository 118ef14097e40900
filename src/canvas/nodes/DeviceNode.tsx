import { memo, type ReactNode } from 'react';
import { Handle, Position, type NodeProps } from 'reactflow';
import type { DeviceObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { TrafficChip } from '../animation/TrafficChip';
import { acsText, deviceDetail, deviceTitle, firmAndDevice, hwptTitle, servedBy, shortBdf } from '../format';
import { find } from '../layout/tree';
import { CardHead, Chip, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

export const DeviceNode = memo(function DeviceNode({ data }: NodeProps<CanvasNode>) {
  const device = useApp((s) => s.objects[data.id]);
  if (device?.type !== 'device') return null; // removed while the canvas still holds the node
  return device.isBridge ? <Bridge device={device} /> : <Endpoint device={device} />;
});

function Endpoint({ device }: { readonly device: DeviceObject }): ReactNode {
  return (
    <NodeCard object={device} className="device">
      <CardHead
        object={device}
        title={<ShortTitle device={device} />}
        full={deviceTitle(device)}
        aside={<TrafficChip deviceId={device.id} />}
      />
      <p className="card-line" title={`${device.bdf} ${deviceDetail(device)}`}>
        <b>{shortBdf(device.bdf)}</b>
        <span>{deviceDetail(device)}</span>
      </p>
      <div className="chips">
        {device.driver ? (
          <Chip title={says.driver(device.driver.name, device.driver.managed)}>{device.driver.name}</Chip>
        ) : (
          <span className="card-quiet">{says.noDriver}</span>
        )}
        <DomainChip device={device} />
        <PasidChip device={device} />
        <DeviceTlbChip device={device} />
        {device.ungrouped !== null && <Chip title={device.ungrouped}>{says.noGroup}</Chip>}
      </div>
      <Handle
        type="source"
        position={Position.Right}
        className="grip"
        aria-hidden
        title={says.dragToAnIoasOrHwpt}
      />
    </NodeCard>
  );
}

/** Where its DMA goes: to an HWPT by its own attach or by its group's, nowhere, or through the default domain. */
function DomainChip({ device }: { readonly device: DeviceObject }): ReactNode {
  const kind = useApp((s) => servedBy(s.objects, device).kind);
  const hwpt = useApp((s) => {
    const serving = servedBy(s.objects, device);
    return serving.kind === 'default' ? '' : hwptTitle(serving.hwpt);
  });
  const domain = useApp((s) => find(s.objects, device.groupId, 'group')?.domain.type ?? null);
  if (kind === 'attached')
    return (
      <Chip tone="hwpt" title={says.attachedTo(hwpt)}>
        → {hwpt}
      </Chip>
    );
  if (kind === 'follows')
    return (
      <Chip title={says.itsGroupIsAttached(hwpt)}>
        <i className="chip-follow" />
        {hwpt}
      </Chip>
    );
  if (domain === null || domain === 'none') return null;
  if (domain === 'blocked')
    return (
      <Chip tone="stale" title={says.theIommuLetsNone}>
        {says.blocked}
      </Chip>
    );
  return (
    <span className="card-quiet" title={says.defaultDomainOfItsGroup(domain)}>
      {domain}
    </span>
  );
}

function PasidChip({ device }: { readonly device: DeviceObject }): ReactNode {
  const pasids = useApp((s) => find(s.objects, device.idevId, 'idev')?.pasids);
  if (pasids === undefined || pasids.length === 0) return null;
  const [first] = pasids;
  return (
    <Chip tone="hwpt" title={says.attachedByPasid(pasids.map((each) => each.pasid).join(', '))}>
      {pasids.length === 1 ? says.pasid(first?.pasid ?? 0) : says.pasids(pasids.length)}
    </Chip>
  );
}

/** Translations that the device keeps itself: the IOMMU is not asked for those any more. */
function DeviceTlbChip({ device: { deviceTlb } }: { readonly device: DeviceObject }): ReactNode {
  if (deviceTlb.length === 0) return null;
  const stale = deviceTlb.filter((entry) => entry.stale).length;
  const held = says.itsDeviceTlbHoldsAts(deviceTlb.length);
  return (
    <Chip tone={stale > 0 ? 'stale' : 'iommu'} title={stale > 0 ? says.stale(held, stale) : held}>
      {stale > 0 ? says.atcStale(stale) : says.atc(deviceTlb.length)}
    </Chip>
  );
}

/** From afar only the device itself is named: firms are too many letters. */
function ShortTitle({ device }: { readonly device: DeviceObject }): ReactNode {
  const { firm, name } = firmAndDevice(device);
  return (
    <>
      {firm !== '' && <span className="card-firm">{firm} </span>}
      {name}
    </>
  );
}

/** Bridges are the tree's trunk: one quiet line. */
function Bridge({ device }: { readonly device: DeviceObject }): ReactNode {
  const acs = acsText(device);
  return (
    <NodeCard object={device} className="bridge">
      <CardHead
        object={device}
        title={
          <>
            <ShortTitle device={device} />
            <span className="bridge-acs"> {acs}</span>
          </>
        }
        full={`${deviceTitle(device)}, ${device.acs ? says.acsCapability(device.acs.cap.join(' ') || 'none', acs) : acs}`}
        aside={shortBdf(device.bdf)}
      />
    </NodeCard>
  );
}
