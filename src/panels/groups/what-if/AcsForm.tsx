import type { DeviceObject } from '../../../engine/sim/world';
import { useApp } from '../../../store';
import { shortBdf } from '../../../store/script';
import { Section, Term } from '../../../ui/Section';
import { TERMS } from '../../shared/terms';
import { find, type Objects } from '../../shared/words';
import { ACS_CONTROL, type Change } from '../changes';
import { shortName } from '../words';
import { ACS } from '../../../words/panels/groups/forms';

interface AcsFormProps {
  readonly device: DeviceObject;
  readonly changes: readonly Change[];
  readonly onChange: (change: Change) => void;
}

/** The ACS switches of the device and of every port above it. */
export function AcsForm({ device, changes, onChange }: AcsFormProps) {
  const objects = useApp((state) => state.objects);
  const way = wayUp(objects, device);
  const able = way.filter(({ acs }) => acs !== null && acs.cap.length > 0);
  const unable = way.filter(({ isBridge, acs }) => isBridge && acs === null);
  return (
    <Section title={<Term tip={TERMS.acs}>{ACS.title}</Term>}>
      <ul className="acs-list">
        {able.map((port) => (
          <Switches key={port.id} port={port} changes={changes} onChange={onChange} />
        ))}
      </ul>
      {able.length > 0 && <p className="muted after">{ACS.asTheyEndUp}</p>}
      {able.length === 0 && <p className="prose">{ACS.none}</p>}
      {unable.length > 0 && able.length > 0 && (
        <p className="muted after">{ACS.without(unable.map(({ bdf }) => shortBdf(bdf)).join(', '))}</p>
      )}
      {unable.length > 0 && <p className="muted after">{ACS.firmware}</p>}
    </Section>
  );
}

function wayUp(objects: Objects, device: DeviceObject): readonly DeviceObject[] {
  const way: DeviceObject[] = [];
  for (
    let at: DeviceObject | null = device;
    at && !way.includes(at);
    at = find(objects, at.parentId, 'device')
  )
    way.push(at);
  return way;
}

interface SwitchesProps {
  readonly port: DeviceObject;
  readonly changes: readonly Change[];
  readonly onChange: (change: Change) => void;
}

function Switches({ port, changes, onChange }: SwitchesProps) {
  const pending = changes.find(
    (change): change is Extract<Change, { kind: 'acs' }> => change.kind === 'acs' && change.bdf === port.bdf,
  );
  const now = pending?.ctrl ?? port.acs?.ctrl ?? [];
  const toggle = (name: string): void =>
    onChange({
      kind: 'acs',
      bdf: port.bdf,
      ctrl: now.includes(name) ? now.filter((bit) => bit !== name) : [...now, name],
    });
  return (
    <li>
      <p className="acs-port">
        <code>{shortBdf(port.bdf)}</code> {shortName(port)}
      </p>
      <div className="row" role="group" aria-label={ACS.bitsOf(shortBdf(port.bdf))}>
        {ACS_CONTROL.map(([name, , words]) => {
          const able = port.acs?.cap.includes(name) ?? false;
          return (
            <button
              key={name}
              type="button"
              className="bit-switch"
              aria-pressed={now.includes(name)}
              disabled={!able}
              data-tip={able ? words : ACS.cannot(words)}
              aria-description={words}
              onClick={() => toggle(name)}
            >
              {name}
            </button>
          );
        })}
        <button
          type="button"
          className="link-quiet"
          onClick={() => onChange({ kind: 'acs', bdf: port.bdf, ctrl: null })}
        >
          {ACS.asLinux}
        </button>
      </div>
    </li>
  );
}
