import type { IommufdCtx } from '../../iommufd/ctx';
import type { ProcessMemory } from '../../memory/process-memory';
import type { Machine } from '../machine';
import type { ContextObject, ProcessObject, WorldId } from '../world';

export const processId = (name: string): WorldId => `mm:${name}`;

export function projectContext(machine: Machine, ctx: IommufdCtx): ContextObject {
  const name = machine.names.contextName(ctx.number);
  return {
    type: 'context',
    id: ctx.worldId,
    name,
    place: machine.names.placeOf(ctx.worldId, name),
    number: ctx.number,
    processId: processId(ctx.memory.name),
    objectIds: ctx.objects.list().map((object) => object.worldId),
  };
}

export function projectProcess(machine: Machine, process: ProcessMemory): ProcessObject {
  const id = processId(process.name);
  return {
    type: 'process',
    id,
    name: null,
    place: machine.names.placeOf(id, null),
    title: process.name,
    pinnedPages: process.pinnedPages,
    buffers: process.mappings.map(({ userVa, bytes, pageSizeLg2, pa }) => ({
      name: machine.names.bufferAt(process.name, userVa)?.name ?? null,
      userVa,
      bytes,
      pageSizeLg2,
      pa,
    })),
  };
}
