import { bindByName, bootTask, hotAdd } from '../boot';
import { unbindDriver } from '../../iommu/drivers';
import type { Task } from '../../kernel/task';
import { formatBdf } from '../../pci/address';
import type { PciFunctionSpec } from '../../pci/function-spec';
import type { Machine } from '../machine';
import type { Outcome } from '../statement';
import { kernelVerb, mistake, deviceAt, said, type Verb } from './verb';

/** `pci 01:00.0 endpoint …` */
export const pci: Verb = ({ machine, args, readPci }) => {
  const read = readPci(args.statement);
  if (!read.ok) return mistake(read.mistake, args.column(0));
  const { iommu } = read.spec;
  if (iommu !== null && iommu !== 'none' && !machine.declared.has(iommu))
    return mistake(`no line has made an IOMMU ${iommu}`, args.columnOf('iommu'));
  const name = formatBdf(read.spec.address);
  if (machine.unnoticed.has(name))
    return mistake(
      `${name} is in its slot, and was removed from the kernel alone: a rescan finds it`,
      args.column(0),
    );
  if (machine.booted) return hotAdded(machine, read.spec);
  const added = machine.topology.addFunction(read.spec);
  return added.ok ? said('') : added;
};

function* hotAdded(machine: Machine, spec: PciFunctionSpec): Task<Outcome> {
  const added = yield* hotAdd(machine, spec);
  if (!added.ok) return added;
  const group = machine.core.devices.get(added.value.name)?.group;
  return said(group ? `hot-added to group ${group.id}` : 'hot-added, no group');
}

/** `boot` */
export const boot: Verb = ({ machine }) =>
  machine.booted ? mistake('the kernel is running already') : starts(machine);

function* starts(machine: Machine): Task<Outcome> {
  const booted = yield* bootTask(machine);
  if (!booted.ok) return booted;
  const functions = machine.topology.functions.length;
  const others = machine.platform.size;
  const devices = [
    ...(functions > 0 || others === 0 ? [count(functions, 'function')] : []),
    ...(others > 0 ? [count(others, 'platform device')] : []),
  ];
  return said(`${devices.join(' and ')} in ${count(machine.core.groups.size, 'group')}`);
}

/** `driver 01:00.0 vfio-pci` */
export const driver: Verb = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const name = args.word(1) ?? 'none';
  const present = device.value.driver?.name;
  if (name === present) return said('bound already');
  const unbound = yield* unbindDriver(machine.core, device.value);
  if (!unbound.ok) return unbound;
  if (name === 'none') return said('no driver');
  const bound = yield* bindByName(machine, device.value, name);
  if (!bound.ok) return bound;
  const { group } = device.value;
  return said(
    device.value.driver?.managed || !group
      ? 'bound'
      : `bound; ${count(group.ownerCnt, 'native driver')} in group ${group.id}`,
  );
});

/** `place ioas 420 160` */
export const place: Verb = ({ machine, args }) => {
  const key = args.word(0) ?? '';
  const x = args.number(1);
  const y = args.number(2);
  if (x === null || y === null) return mistake('a place is two numbers', args.column(1));
  machine.names.place(key, Number(x), Number(y));
  return said('');
};

/** `note "…"`: for whoever reads the script; the machine does not. */
export const note: Verb = () => said('');

export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
