import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import type { GroupObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { domainText, ownerText } from '../format';
import { Chip, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

/** The frame around a group's devices: what the IOMMU cannot tell apart shares one domain. */
export const GroupNode = memo(function GroupNode({ data }: NodeProps<CanvasNode>) {
  const group = useApp((s) => s.objects[data.id]);
  const owner = useApp((s) => (group?.type === 'group' ? ownerText(s.objects, group) : ''));
  const domain = useApp((s) => (group?.type === 'group' ? domainText(s.objects, group) : ''));
  if (group?.type !== 'group') return null; // removed while the canvas still holds the node
  const members = group.deviceIds.length > 1 ? ` · ${says.devices(group.deviceIds.length)}` : '';
  return (
    <NodeCard object={group} className="frame">
      <div className="frame-top">
        <span className="frame-label" title={says.groupDmaOwner(group.number, owner, group.deviceIds.length)}>
          <span className="frame-name">
            <ObjectGlyph kind="group" />
            <b>{says.group(group.number)}</b>
          </span>
          <span className="frame-owner"> · {owner}</span>
          <span className="frame-members">{members}</span>
        </span>
        <span className="frame-end">
          {group.mismatches.length > 0 && (
            <Chip tone="warn" title={group.mismatches.join('\n')}>
              {says.dump}
            </Chip>
          )}
          {group.resetting && (
            <Chip tone="stale" title={says.oneOfItsDevicesIsBeing}>
              {says.reset}
            </Chip>
          )}
          <span className="frame-domain" data-kind={domainKind(group)} title={domainTip(group)}>
            {domain}
          </span>
        </span>
      </div>
    </NodeCard>
  );
});

const domainKind = (group: GroupObject): string =>
  group.hwptId ? 'hwpt' : group.domain.type === 'blocked' ? 'blocked' : 'default';

const domainTip = ({ domain, defaultType, pasids }: GroupObject): string =>
  [
    says.defaultDomain(domain.label, domain.type, defaultType),
    ...pasids.map((each) => `PASID ${each.pasid}: ${each.domain}`),
  ].join('\n');
