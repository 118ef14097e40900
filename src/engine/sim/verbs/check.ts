import type { IommuDomain } from '../../iommu/ops';
import type { Machine } from '../machine';
import { processId } from '../project/iommufd';
import { projectWorld } from '../project/world';
import { mismatch, type Arg } from '../statement';
import { showValue, valueAt } from '../values';
import { mistake, said, worldIdOf, type Verb, type VerbContext } from './verb';

/** `expect group:1 ownerCount 2` */
export const expect: Verb = (context) => {
  const { args, machine } = context;
  const subject = args.word(0) ?? '';
  const field = args.word(1) ?? '';
  const object = lookAt(machine, subject);
  const values = args.positional.slice(2);
  if (field === 'absent' && values.length === 0)
    return object === null ? said('it is not there') : mismatch(`${subject} is there`, idOf(object));
  if (object === null) {
    return machine.names.get(subject) === null
      ? mistake(`nothing is called ${subject} here`, args.column(0))
      : mismatch(`${subject} is not there any more`);
  }
  const found = valueAt(object, field);
  if (!found.ok)
    return mistake(`${subject} has no ${found.missing}; it has ${found.known.join(', ')}`, args.column(1));
  if (values.length === 0)
    return mistake(`say what ${field} must be; it is ${showValue(found.value)}`, args.column(1));
  return compare(context, field, found.value, values, idOf(object));
};

/** What the page shows of it; of what has no place in the world, what there is to say. */
function lookAt(machine: Machine, subject: string): object | null {
  const named = machine.names.get(subject);
  if (named?.kind === 'buffer') {
    const process = projectWorld(machine).get(processId(named.process));
    const buffers = process?.type === 'process' ? process.buffers : [];
    return buffers.find(({ userVa }) => userVa === named.mapping.userVa) ?? null;
  }
  if (named?.kind === 'domain') return domainView(machine, named.domain);
  if (named?.kind === 'bond') return { pasid: named.bond.pasid, users: named.bond.users };
  if (named?.kind === 'dma-address') return { address: named.address, bytes: named.bytes };
  const id = worldIdOf(machine, subject);
  return (id === null ? undefined : projectWorld(machine).get(id)) ?? null;
}

function domainView(machine: Machine, domain: IommuDomain): object | null {
  if (!machine.driverDomains.has(domain)) return null;
  const { label, type, owner, paging } = domain;
  const deviceIds = [...machine.core.devices.values()].filter(({ attached }) => attached === domain);
  return {
    label,
    type,
    driver: owner.driver,
    iommuId: owner.unit,
    deviceIds: deviceIds.map(({ worldId }) => worldId),
    pageSizesLg2: paging?.pageSizesLg2 ?? [],
    apertureStart: paging?.apertureStart ?? 0n,
    apertureLast: paging?.apertureLast ?? 0n,
    ...machine.unit(owner.unit)?.hw.tables(domain),
  };
}

const idOf = (object: object): string | null =>
  'id' in object && typeof object.id === 'string' ? object.id : null;

type Positional = Exclude<Arg, { kind: 'option' }>;

function compare(
  { machine }: VerbContext,
  field: string,
  actual: unknown,
  values: readonly Positional[],
  culprit: string | null,
) {
  const [first, ...rest] = values;
  const is = (one: unknown, arg: Positional): boolean => same(machineWords(machine, arg), one, arg);
  const shown = showValue(actual);
  const word = first?.kind === 'word' ? first.text : '';
  if (word === 'absent' && rest.length === 0) {
    const absent = actual === null || actual === undefined || (Array.isArray(actual) && actual.length === 0);
    return absent ? said('so it is') : mismatch(`${field} is ${shown}`, culprit);
  }
  if ((word === 'contains' || word === 'lacks') && rest.length > 0) {
    const has = (arg: Positional): boolean =>
      Array.isArray(actual)
        ? actual.some((one) => is(one, arg))
        : typeof actual === 'string' && actual.includes(arg.text);
    const wrong = rest.find((arg) => has(arg) !== (word === 'contains'));
    if (wrong === undefined) return said('so it is');
    const without = word === 'contains' ? 'without' : 'with';
    return mismatch(`${field} is ${shown}, ${without} ${wrong.text}`, culprit);
  }
  const list: readonly unknown[] = Array.isArray(actual) ? actual : [actual];
  const equal = list.length === values.length && values.every((arg, at) => is(list[at], arg));
  if (equal) return said('so it is');
  return mismatch(`${field} is ${shown}, not ${values.map(({ text }) => text).join(' ')}`, culprit);
}

/** What a word of the script may also mean: the id of what it names, the label of a domain. */
function machineWords(machine: VerbContext['machine'], arg: Positional): readonly string[] {
  if (arg.kind !== 'word') return [];
  const named = machine.names.get(arg.text);
  if (named?.kind === 'domain') return [named.domain.label];
  return [worldIdOf(machine, arg.text) ?? arg.text];
}

function same(meanings: readonly string[], actual: unknown, arg: Positional): boolean {
  switch (typeof actual) {
    case 'number':
    case 'bigint':
      return arg.kind === 'number' && arg.value === BigInt(actual);
    case 'boolean':
      return arg.text === String(actual);
    case 'string':
      return arg.text === actual || meanings.includes(actual);
    default:
      return false;
  }
}

/** `expect-log "Firmware has requested"` */
export const expectLog: Verb = ({ machine, args }) => {
  const text = args.text(0) ?? '';
  const line = machine.kernelLog.find(text);
  if (args.word(1) === 'absent')
    return line === null ? said('so it is') : mismatch(`the kernel said: ${line}`);
  if (line !== null) return said(line);
  const { news } = machine.kernelLog;
  const last = news.at(-1);
  return mismatch(
    last === undefined ? 'the kernel said nothing' : `the kernel said something else, the last: ${last}`,
  );
};
