import { hex } from '../../../lib/u64';
import type { RegisterView } from '../../hw/common/view';
import { HAZARD_KINDS } from '../hazards';
import type { Machine } from '../machine';
import type { Unit } from '../unit';
import { bytesOf, hexBytes, saidAs } from './calls';
import { found, kernelVerb, mistake, named, pciDeviceAt, said, type Found, type VerbContext } from './verb';

/** What a person does behind the kernel's back: memory, registers, and hardware that does not work. */

/** What one line may read or write. */
const MOST_BYTES = 4096;
const PAGE = 4096;

/** `poke 0x10a30000 "0x10a31003"`: 64-bit words, or bytes, into physical memory. */
export const poke = kernelVerb((context) => {
  const { machine, args } = context;
  const pa = physicalAt(context);
  if (!pa.ok) return pa;
  const data = dataAt(context, 1);
  if (!data.ok) return data;
  if (!machine.memory.write(pa.value, data.value)) return mistake('no memory is there', args.column(0));
  return said(`${data.value.length} bytes written`);
});

/** `peek 0x10a30000 is "0x10a31003"`: the 64-bit word at a physical address, or `len=` bytes. */
export const peek = kernelVerb((context) => {
  const { machine, args } = context;
  const pa = physicalAt(context);
  if (!pa.ok) return pa;
  const length = args.size('len');
  if (length !== null && (length < 1n || length > MOST_BYTES))
    return mistake(`a line reads at most ${MOST_BYTES} bytes`, args.columnOf('len'));
  const bytes = machine.memory.read(pa.value, Number(length ?? 8n));
  if (bytes === null) return mistake('no memory is there', args.column(0));
  const text = length === null ? hex(new DataView(bytes.buffer).getBigUint64(0, true)) : hexBytes(bytes);
  return saidAs(context, text, 1);
});

/** `store buf 0x1000 "0x10a31003"`: a program writes its own memory. */
export const store = kernelVerb((context) => {
  const { machine, args } = context;
  const name = named(context, 0, 'buffer');
  if (!name.ok) return name;
  const { process, mapping } = name.value;
  const data = dataAt(context, 2);
  if (!data.ok) return data;
  const offset = args.number(1) ?? 0n;
  if (offset + BigInt(data.value.length) > BigInt(mapping.bytes))
    return mistake('it does not fit into the buffer', args.column(1));
  const written = machine.process(process).write(mapping.userVa + offset, data.value);
  return written.ok ? said(`${data.value.length} bytes written`) : written;
});

/** `read_register dmar0 GSTS is "0xc0000000"` */
export const readRegister = kernelVerb((context) => {
  const at = registerAt(context);
  return at.ok ? saidAs(context, hex(at.value.register.value), 2) : at;
});

/** `write_register dmar0 GCMD 0x80000000` */
export const writeRegister = kernelVerb((context) => {
  const { args } = context;
  const at = registerAt(context);
  if (!at.ok) return at;
  const { unit, register } = at.value;
  const value = args.number(2) ?? 0n;
  if (value >> BigInt(register.bytes * 8) !== 0n)
    return mistake(`${register.name} has ${register.bytes * 8} bits`, args.column(2));
  const { registers } = unit.hw;
  if (register.bytes === 8) registers.write64(register.offset, value);
  else registers.write32(register.offset, Number(BigInt.asIntN(32, value)));
  const after = findRegister(unit, register.name)?.value ?? value;
  return said(after === value ? '' : `reads ${hex(after)}`);
});

/** `hazard 0x10a30000-0x10a30fff read`: from now on memory answers a device's access so. */
export const hazard = kernelVerb((context) => {
  const { machine, args } = context;
  const range = hazardRange(context);
  if (!range.ok) return range;
  const { start, last } = range.value;
  const kind = HAZARD_KINDS.find((each) => each === args.word(1));
  if (kind === undefined) return mistake(`it answers ${HAZARD_KINDS.join(', ')}`, args.column(1));
  machine.hazards.set(start, last, kind);
  machine.memory.hazards = machine.hazards.any ? machine.hazards : null;
  return said('');
});

/** A range, or the page of an entry. */
function hazardRange(context: VerbContext): Found<{ readonly start: number; readonly last: number }> {
  const { args } = context;
  const [range] = args.ranges();
  if (range === undefined) {
    const pa = physicalAt(context);
    if (!pa.ok) return pa;
    const start = pa.value - (pa.value % PAGE);
    return found({ start, last: start + PAGE - 1 });
  }
  if (range.start > range.last) return mistake('the range ends before it starts', args.column(0));
  if (range.last >= 1n << 52n) return mistake('a physical address has at most 52 bits', args.column(0));
  return found({ start: Number(range.start), last: Number(range.last) });
}

/** `ignore-invalidations 01:00.0 on`: the device answers no invalidation of its translations. */
export const ignoreInvalidations = kernelVerb((context) => {
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  context.machine.endpoints.of(device.value.name).silent = context.args.word(1) !== 'off';
  return said('');
});

/** A number, or the name of an entry that the hardware has read. */
function physicalAt({ args, machine }: VerbContext): Found<number> {
  const pa = args.number(0);
  if (pa !== null)
    return pa < 1n << 52n
      ? found(Number(pa))
      : mistake('a physical address has at most 52 bits', args.column(0));
  const word = args.word(0) ?? '';
  const entry = machine.walked.find(word);
  if (entry !== null) return found(entry);
  const { names } = machine.walked;
  const read = names.length === 0 ? 'no DMA has made it read any' : `it has read ${names.join(', ')}`;
  return mistake(`the hardware has read no entry ${word} yet: ${read}`, args.column(0));
}

function dataAt({ args }: VerbContext, at: number): Found<Uint8Array> {
  const data = bytesOf(args.text(at) ?? args.word(at) ?? '');
  if (data === null || data.length === 0)
    return mistake('say 64-bit words such as "0x1000 0x30", or bytes such as "2a 00"', args.column(at));
  return data.length > MOST_BYTES
    ? mistake(`a line writes at most ${MOST_BYTES} bytes`, args.column(at))
    : found(data);
}

const findRegister = (unit: Unit, name: string): RegisterView | null =>
  unit.hw.view().registers.find((each) => each.name === name || hex(each.offset) === name) ?? null;

function registerAt({
  machine,
  args,
}: VerbContext): Found<{ readonly unit: Unit; readonly register: RegisterView }> {
  const unit = unitNamed(machine, args.word(0) ?? '');
  if (unit === null) return mistake(`there is no IOMMU ${args.word(0) ?? ''}`, args.column(0));
  const name = args.word(1) ?? '';
  const register = findRegister(unit, name);
  return register === null
    ? mistake(`${unit.title} has no register ${name}`, args.column(1))
    : found({ unit, register });
}

const unitNamed = (machine: Machine, name: string): Unit | null =>
  machine.unit(name.startsWith('iommu:') ? name : `iommu:${name}`);
