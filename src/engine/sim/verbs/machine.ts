import { bindByName, boot as bootMachine, hotAdd } from '../boot';
import { unbindDriver } from '../../iommu/drivers';
import { kernelVerb, mistake, pciDeviceAt, said, type Verb } from './verb';

/** `pci 01:00.0 endpoint …` */
export const pci: Verb = ({ machine, args, readPci }) => {
  const read = readPci(args.statement);
  if (!read.ok) return mistake(read.mistake, args.column(0));
  const added = machine.booted ? hotAdd(machine, read.spec) : machine.topology.addFunction(read.spec);
  if (!added.ok) return added;
  if (!machine.booted) return said('');
  const group = machine.core.devices.get(added.value.name)?.group;
  return said(group ? `hot-added to group ${group.id}` : 'hot-added, no group');
};

/** `boot` */
export const boot: Verb = ({ machine }) => {
  if (machine.booted) return mistake('the kernel is running already');
  const booted = bootMachine(machine);
  if (!booted.ok) return booted;
  const devices = machine.topology.functions.length;
  return said(`${count(devices, 'function')} in ${count(machine.core.groups.size, 'group')}`);
};

/** `driver 01:00.0 vfio-pci` */
export const driver: Verb = kernelVerb((context) => {
  const { machine, args } = context;
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  const name = args.word(1) ?? 'none';
  const present = device.value.driver?.name;
  if (name === present) return said('bound already');
  const unbound = machine.run(unbindDriver(machine.core, device.value));
  if (!unbound.ok) return unbound;
  if (name === 'none') return said('no driver');
  const bound = bindByName(machine, device.value, name);
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
