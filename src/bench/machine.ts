import { call, type CommandFields, type CommandName } from '../engine/iommufd/call';
import { rootCaller } from '../engine/iommufd/caller';
import { Iommufd, type IommufdCtx } from '../engine/iommufd/ctx';
import { bindDevice } from '../engine/iommufd/device';
import type { Ioas } from '../engine/iommufd/ioas';
import { IommuCore } from '../engine/iommu/core';
import { probeDevice } from '../engine/iommu/probe';
import type { Result } from '../engine/kernel/errno';
import type { Caller } from '../engine/kernel/caller';
import { runTask, type Task } from '../engine/kernel/task';
import { PhysicalMemory } from '../engine/memory/physical-memory';
import { ProcessMemory } from '../engine/memory/process-memory';
import { createVtdUnit } from '../engine/hw/vtd/unit';
import { silent } from '../engine/trace/trace';

const CLIENT = { name: '0000:01:00.0', rid: 0x0100, aliasRids: [0x0100] };

export const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
};

/** A machine with one device and one process. */
export class Bench {
  readonly memory = new PhysicalMemory();
  readonly core = new IommuCore(silent);
  readonly iommufd = new Iommufd(this.core, { frames: this.memory, allowUnsafeInterrupts: true });
  readonly process = new ProcessMemory('bench', this.memory);
  readonly caller: Caller = rootCaller(this.process);
  readonly ctx: IommufdCtx;
  readonly deviceId: number;

  constructor() {
    const { driver } = must(createVtdUnit({ memory: this.memory }));
    this.core.registerUnit(driver);
    const device = this.core.addDevice(CLIENT);
    must(this.run(probeDevice(this.core, device, () => ({ kind: 'new' }))));
    driver.enableTranslation();
    this.ctx = this.iommufd.open(this.process);
    this.deviceId = must(this.run(bindDevice(this.ctx, device))).id;
  }

  run<T>(task: Task<T>): T {
    return runTask(task, silent);
  }

  call<N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): CommandFields<N> {
    return must(this.run(call(this.ctx, name, fields, this.caller)));
  }

  ioas(domains: number): Ioas {
    const id = this.call('IOMMU_IOAS_ALLOC', {}).out_ioas_id;
    for (let n = 0; n < domains; n++) this.call('IOMMU_HWPT_ALLOC', { dev_id: this.deviceId, pt_id: id });
    const ioas = this.ctx.objects.peek(id);
    if (ioas?.kind !== 'ioas') throw new Error('no IOAS');
    return ioas;
  }
}
