import type { QueueEntryView, RegisterView } from '../../engine/hw/common/view';
import { groupedHex, plainHex } from '../../ui/numbers';

/** By name, by a field's name, or by offset. */
export function findRegisters(registers: readonly RegisterView[], filter: string): readonly RegisterView[] {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return registers;
  return registers.filter(
    ({ name, offset, fields }) =>
      [name, ...fields.map((field) => field.name)].some((each) => each.toLowerCase().includes(wanted)) ||
      plainHex(offset, 3) === wanted.replace(/^0x/, '').padStart(3, '0'),
  );
}

/** Bits that are set and have a name: what a register says at a glance. */
export const flagsOf = ({ fields }: RegisterView): string =>
  fields
    .filter(({ bits, value }) => /^\d+$/.test(bits) && value === 1n)
    .map(({ name }) => name)
    .join(' ');

/** Fields that say nothing beyond the entry's name. */
const KINDS = /^(?:type|opcode|op|func\d?|code|cmd|eventid)$/i;

/** An entry's fields that are not zero, as an assembler would write operands: `DID 4 · ADDR 0x212`. */
export const operandsOf = ({ fields }: Pick<QueueEntryView, 'fields'>): string =>
  fields
    .filter(({ name, value }) => value !== 0n && !KINDS.test(name))
    .slice(0, 4)
    .map(({ name, value }) => `${name} ${value < 10n ? String(value) : groupedHex(value)}`)
    .join(' · ');
