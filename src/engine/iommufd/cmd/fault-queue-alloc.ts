import { err } from '../../kernel/errno';
import { done } from '../../../lib/result';
import { iommu_fault_alloc } from '../../uapi/iommufd';
import { FaultQueue } from '../fault';
import { defineIoctl } from '../ioctl';

/** IOMMU_FAULT_QUEUE_ALLOC — where page faults are told, and a descriptor to read them. Linux: iommufd/eventq.c iommufd_fault_alloc() */
export const faultQueueAlloc = defineIoctl({
  name: 'IOMMU_FAULT_QUEUE_ALLOC',
  nr: 0x8e,
  layout: iommu_fault_alloc,
  last: 'out_fault_fd',
  *execute({ ctx, cmd, caller, create, respond }) {
    if (cmd.flags !== 0) return err('EOPNOTSUPP', 'an unknown flag is set', { rule: 'iommufd_fault_alloc' });
    const made = create((id) => new FaultQueue(ctx, id));
    if (!made.ok) return made;
    const fault = made.value;
    const fd = fault.open(caller.files);
    if (!fd.ok) return fd;
    cmd.out_fault_id = fault.id;
    cmd.out_fault_fd = fd.value;
    const responded = respond();
    if (!responded.ok) {
      caller.files.abandon(fd.value);
      return responded;
    }
    if (fault.file) caller.files.install(fd.value, fault.file);
    return done;
  },
});
