import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import { hex } from '../../lib/u64';
import { useApp } from '../../store/index';
import { byteSize } from '../../ui/numbers';
import { processRows } from '../layout/sizes';
import { CardHead, CardLine, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

export const ProcessNode = memo(function ProcessNode({ data }: NodeProps<CanvasNode>) {
  const process = useApp((s) => s.objects[data.id]);
  if (process?.type !== 'process') return null; // removed while the canvas still holds the node
  const rows = processRows(process);
  const folded = process.buffers.length > rows;
  const shown = process.buffers.slice(0, folded ? rows - 1 : rows);
  return (
    <NodeCard object={process} className="memory">
      <CardHead object={process} title={process.title} full={process.title} aside="process" />
      <CardLine
        words={[process.pinnedPages === 0 ? says.nothingPinned : says.pinsPages(process.pinnedPages)]}
      />
      <ul className="buffers">
        {shown.map((buffer) => (
          <li
            key={buffer.userVa.toString()}
            title={says.atPhysical(buffer.name ?? 'unnamed', hex(buffer.userVa), hex(buffer.pa))}
          >
            <span>{buffer.name ?? hex(buffer.userVa)}</span>
            <b>{byteSize(buffer.bytes)}</b>
            {buffer.name !== null && (
              <i
                className="grip grip-left"
                data-wire={process.id}
                data-part={buffer.name}
                title={says.dragToAnIoasToMapIt}
              />
            )}
          </li>
        ))}
        {folded && <li className="card-quiet">{says.moreBuffers(process.buffers.length - shown.length)}</li>}
        {process.buffers.length === 0 && <li className="card-quiet">{says.noBuffers}</li>}
      </ul>
    </NodeCard>
  );
});
