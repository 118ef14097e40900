import type { NodeTypes } from 'reactflow';
import type { WorldType } from '../../engine/sim/world';
import { DeviceNode } from './DeviceNode';
import { GroupNode } from './GroupNode';
import { HwptNode } from './HwptNode';
import { IoasNode } from './IoasNode';
import { IommuNode } from './IommuNode';
import { ProcessNode } from './ProcessNode';

/** One object for the life of the page: React Flow remounts everything when it changes. */
export const nodeTypes = {
  group: GroupNode,
  device: DeviceNode,
  iommu: IommuNode,
  hwpt: HwptNode,
  ioas: IoasNode,
  process: ProcessNode,
} satisfies NodeTypes & Partial<Record<WorldType, unknown>>;
