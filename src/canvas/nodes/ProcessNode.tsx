import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import { hex } from '../../lib/u64';
import { useApp } from '../../store/index';
import {} from '../format';
import { byteSize, count } from '../../ui/numbers';
import { processRows } from '../layout/sizes';
import { CardHead, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';

export const ProcessNode = memo(function ProcessNode({ data }: NodeProps<CanvasNode>) {
  const process = useApp((s) => s.objects[data.id]);
  if (process?.type !== 'process') return null; // removed while the canvas still holds the node
  const rows = processRows(process);
  const folded = process.buffers.length > rows;
  const shown = process.buffers.slice(0, folded ? rows - 1 : rows);
  return (
    <NodeCard object={process} className="memory">
      <CardHead title={process.title} aside="process" />
      <p className="card-line">
        {process.pinnedPages === 0 ? 'nothing pinned' : `${count(process.pinnedPages, 'page')} pinned`}
      </p>
      <ul className="buffers">
        {shown.map((buffer) => (
          <li key={buffer.userVa.toString()} title={`${hex(buffer.userVa)} at physical ${hex(buffer.pa)}`}>
            <span>{buffer.name ?? hex(buffer.userVa)}</span>
            <b>{byteSize(buffer.bytes)}</b>
          </li>
        ))}
        {folded && <li className="card-quiet">{process.buffers.length - shown.length} more buffers</li>}
        {process.buffers.length === 0 && <li className="card-quiet">no buffers</li>}
      </ul>
    </NodeCard>
  );
});
