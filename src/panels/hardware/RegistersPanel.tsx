import { useMemo, useState } from 'react';
import type { RegisterView } from '../../engine/hw/common/view';
import type { IommuObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { groupedHex, plainHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { listKeys } from '../shared/list-keys';
import { Words } from '../shared/Words';
import { REGISTERS } from '../../words/panels/hardware';
import { findRegisters, flagsOf } from './find';
import { Find, Units } from './Units';

/** The register block as software sees it; what is written here goes behind the driver's back. */
export function RegistersPanel() {
  const [filter, setFilter] = useState('');
  return (
    <Units>
      {({ registers }, unit) => (
        <>
          <Section>
            <div className="row hardware-tools">
              <Find what={REGISTERS.find} value={filter} onChange={setFilter} />
            </div>
          </Section>
          <Registers registers={registers} unit={unit} filter={filter} />
        </>
      )}
    </Units>
  );
}

interface RegistersProps {
  readonly registers: readonly RegisterView[];
  readonly unit: IommuObject;
  readonly filter: string;
}

function Registers({ registers, unit, filter }: RegistersProps) {
  const [open, setOpen] = useState<string | null>(null);
  const shown = useMemo(() => findRegisters(registers, filter), [registers, filter]);
  if (shown.length === 0)
    return (
      <Section>
        <p className="muted">{REGISTERS.none}</p>
      </Section>
    );
  const reachable = shown.some(({ name }) => name === open) ? open : shown[0]?.name;
  return (
    <Section>
      <ul className="registers" aria-label={REGISTERS.title} onKeyDown={listKeys('.register')}>
        {shown.map((register) => {
          const { name, offset, value, bytes } = register;
          return (
            <li key={name}>
              <button
                type="button"
                className="register"
                data-zero={value === 0n}
                aria-expanded={open === name}
                tabIndex={name === reachable ? 0 : -1}
                onClick={() => setOpen(open === name ? null : name)}
              >
                <span className="muted">{plainHex(offset, 3)}</span>
                <b>{name}</b>
                <span className="register-flags">{flagsOf(register)}</span>
                <code>{groupedHex(value, bytes * 2)}</code>
              </button>
              {open === name && <Register register={register} unit={unit} />}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Register({ register, unit }: { readonly register: RegisterView; readonly unit: IommuObject }) {
  const act = useApp((state) => state.actions.act);
  const { name, value, bytes, fields, writable } = register;
  const edit = {
    what: name,
    current: [value],
    write: (_at: number, next: bigint): void =>
      void act([`write_register ${unit.id.replace(/^iommu:/, '')} ${name} 0x${next.toString(16)}`]),
  };
  return (
    <div className="step-detail register-detail">
      <Words words={[value]} fields={fields} bytes={bytes} {...(writable ? { edit } : {})} />
      {!writable && <p className="muted">{REGISTERS.readOnly}</p>}
    </div>
  );
}
