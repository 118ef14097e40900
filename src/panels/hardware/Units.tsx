import type { UnitView } from '../../engine/hw/common/view';
import type { IommuObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { UNITS } from '../../words/panels/hardware';
import { Phrase } from '../../ui/Phrase';
import { useHardware, useUnits } from './use-hardware';
import './hardware.css';

interface UnitsProps {
  /** What a panel shows of each unit. */
  readonly children: (view: UnitView, unit: IommuObject) => React.ReactNode;
}

/** One part of the panel for each IOMMU that is of some vendor. */
export function Units({ children }: UnitsProps) {
  const units = useUnits();
  const several = useApp(
    (state) => Object.values(state.objects).filter(({ type }) => type === 'iommu').length > 1,
  );
  if (units.length === 0) return <NoHardware what={UNITS.noIommu} />;
  return units.map((unit) => (
    <Unit key={unit.id} unit={unit} named={several}>
      {children}
    </Unit>
  ));
}

function Unit({
  unit,
  named,
  children,
}: UnitsProps & { readonly unit: IommuObject; readonly named: boolean }) {
  const view = useHardware(unit.id);
  return (
    <>
      {named && (
        <Section>
          <ObjectLink id={unit.id} />
        </Section>
      )}
      {unit.vendor === 'generic' ? (
        <NoHardware what={UNITS.noVendor(unit.title)} />
      ) : (
        view && children(view, unit)
      )}
    </>
  );
}

/** What to do for some. */
function NoHardware({ what }: { readonly what: string }) {
  const openDialog = useApp((state) => state.actions.openDialog);
  return (
    <Section>
      <p className="prose">{what}</p>
      <p className="prose hardware-hint">
        <Phrase
          text={UNITS.choose}
          parts={{
            machine: <code>machine</code>,
            vtd: <code>iommu=vtd</code>,
            amd: <code>amd</code>,
            smmuv3: <code>smmuv3</code>,
            riscv: <code>riscv</code>,
          }}
        />
      </p>
      <p className="row after">
        <Button onClick={() => openDialog('script')}>{UNITS.openEditor}</Button>
      </p>
    </Section>
  );
}

interface FindProps {
  readonly what: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A field to find something in what a panel shows. */
export function Find({ what, value, onChange }: FindProps) {
  return (
    <label className="grow">
      <span className="sr-only">{what}</span>
      <input
        className="input"
        type="search"
        placeholder={what}
        value={value}
        onChange={(change) => onChange(change.target.value)}
      />
    </label>
  );
}
