import { svaBindDevice, svaUnbindDevice } from '../../iommu/sva';
import { iopfQueueFlush, reportDeviceFault } from '../../iommu/page-fault-report';
import type { Task } from '../../kernel/task';
import { mismatch, type Outcome } from '../statement';
import { NO_PASID } from '../../hw/port';
import type { Device } from '../../iommu/device';
import { requesterId } from '../dma';
import { handlePageRequests } from '../page-requests';
import type { Unit } from '../unit';
import { deviceAt, kernelVerb, mistake, named, pciDeviceAt, processAt, said, type VerbContext } from './verb';

/** `bond = iommu_sva_bind_device 01:00.0 qemu` */
export const svaBind = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const bound = yield* svaBindDevice(machine.core, device.value, processAt(context, 1));
  if (!bound.ok) return bound;
  if (args.statement.name !== null)
    machine.names.set(args.statement.name, { kind: 'bond', bond: bound.value });
  return said(`PASID ${bound.value.pasid}`);
});

/** `iommu_sva_unbind_device bond` */
export const svaUnbind = kernelVerb(function* (context): Task<Outcome> {
  const name = named(context, 0, 'bond');
  if (!name.ok) return name;
  const { bond } = name.value;
  if (bond.users === 0)
    return mistake(`${context.args.word(0) ?? ''} is unbound already`, context.args.column(0));
  yield* svaUnbindDevice(context.machine.core, bond);
  return said(bond.users > 0 ? 'others still use it' : `PASID ${bond.pasid} is blocked`);
});

/** Linux: include/uapi/linux/iommufd.h IOMMU_PGFAULT_PERM_* */
const PERM_READ = 1;
const PERM_WRITE = 2;

/** The message goes to the unit, its driver's handler takes it from the queue, and an answer comes back to the device. */
function* throughHardware({ machine, args }: VerbContext, device: Device, unit: Unit): Task<Outcome> {
  const { translator } = unit.hw;
  const endpoint = machine.endpoints.of(device.name);
  if (translator.pageRequest === undefined)
    return mistake(`${unit.title} has no use for page requests`, args.column(0));
  const access = args.word(2) ?? '';
  const pasid = args.size('pasid');
  const answered = endpoint.responses.length;
  translator.pageRequest({
    rid: requesterId(machine.topology, device),
    pasid: pasid === null ? NO_PASID : Number(pasid),
    iova: (args.number(1) ?? 0n) & ~0xfffn,
    read: access.includes('r'),
    write: access.includes('w'),
    execute: false,
    privileged: false,
    group: Number(args.size('group') ?? 0n),
    last: args.has('last'),
  });
  yield* handlePageRequests(machine, unit);
  const answer = endpoint.responses[answered];
  const phrase =
    answer === undefined ? 'no answer yet' : `answered ${ANSWERS[answer.code] ?? `code ${answer.code}`}`;
  const wanted = args.option('answer');
  return wanted === null || phrase === `answered ${wanted}` ? said(phrase) : mismatch(phrase, device.worldId);
}

/** PCIe: PRG response codes. */
const ANSWERS: Readonly<Record<number, string>> = { 0: 'SUCCESS', 1: 'INVALID', 15: 'FAILURE' };

/** `page-request 01:00.0 0x1000 rw pasid=5 last`: the device asks for a page that is not there. */
export const pageRequest = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  const pasid = args.size('pasid');
  if (pasid !== null && pasid >= 1n << 20n) return mistake('a PASID has 20 bits', args.columnOf('pasid'));
  const grpid = args.size('group') ?? 0n;
  if (grpid >= 512n) return mistake('the number of a page request group has 9 bits', args.columnOf('group'));
  const access = args.word(2) ?? '';
  const unit = machine.unitOf(device.value);
  if (unit !== null && unit.generic === undefined) return yield* throughHardware(context, device.value, unit);
  const answered = unit?.generic?.unit.responses.length ?? 0;
  const lastPage = args.has('last');
  const reported = yield* reportDeviceFault(machine.core, device.value, {
    pasid: pasid === null ? null : Number(pasid),
    grpid: Number(grpid),
    perm: (access.includes('r') ? PERM_READ : 0) | (access.includes('w') ? PERM_WRITE : 0),
    addr: (args.number(1) ?? 0n) & ~0xfffn,
    lastPage,
  });
  if (!reported.ok) return reported;
  if (unit) yield* iopfQueueFlush(unit.pageRequests.queue);
  const answer = unit?.generic?.unit.responses[answered]?.response.toUpperCase() ?? null;
  const wanted = args.option('answer');
  const stands = lastPage ? 'waits for an answer' : 'waits for the last of its group';
  const phrase = answer === null ? stands : `answered ${answer}`;
  return wanted === null || wanted === answer ? said(phrase) : mismatch(phrase, device.value.worldId);
});
