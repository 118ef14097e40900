import type { NodeTypes } from 'reactflow';
import type { WorldType } from '../../engine/sim/world';
import { AccessNode, FaultQueueNode } from './AccessNode';
import { DeviceNode } from './DeviceNode';
import { GroupNode } from './GroupNode';
import { HwptNode } from './HwptNode';
import { IoasNode } from './IoasNode';
import { IommuNode } from './IommuNode';
import { ProcessNode } from './ProcessNode';
import { HwQueueNode, VdeviceNode, VeventqNode, ViommuNode } from './ViommuNode';

/** One object for the life of the page: React Flow remounts everything when it changes. */
export const nodeTypes = {
  group: GroupNode,
  device: DeviceNode,
  iommu: IommuNode,
  hwpt: HwptNode,
  ioas: IoasNode,
  access: AccessNode,
  fault: FaultQueueNode,
  viommu: ViommuNode,
  vdevice: VdeviceNode,
  veventq: VeventqNode,
  'hw-queue': HwQueueNode,
  process: ProcessNode,
} satisfies NodeTypes & Partial<Record<WorldType, unknown>>;
