import type { IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { sceneTitle } from '../../store/script';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { all, type Objects } from '../shared/words';
import { MACHINE, INSPECTOR } from '../../words/panels/inspector/inspector';
import { SHARED } from '../../words/panels/shared';

/** The whole machine at a glance, and what one could do next. */
export function MachineView() {
  const objects = useApp((state) => state.objects);
  const script = useApp((state) => state.script);
  const devices = all(objects, 'device');
  const groups = all(objects, 'group');
  const contexts = all(objects, 'context');
  const endpoints = devices.filter((device) => !device.isBridge);
  const platform = endpoints.filter((device) => device.platform !== undefined);
  const bridges = devices.length - endpoints.length;
  const shared = groups.filter((group) => group.deviceIds.length > 1);
  const different = groups.filter((group) => group.mismatches.length > 0);
  if (devices.length === 0 && contexts.length === 0)
    return (
      <Section title={MACHINE.nothing}>
        <p className="prose">{MACHINE.nothingSays}</p>
      </Section>
    );
  return (
    <article aria-labelledby="inspected">
      <header className="inspected">
        <p className="inspected-type">{MACHINE.machine}</p>
        <h2 id="inspected">{sceneTitle(script) ?? MACHINE.unnamed}</h2>
      </header>
      {devices.length > 0 && <NextStep objects={objects} />}
      <Section title={MACHINE.glance}>
        <Fields>
          <Field name={MACHINE.devices}>
            {MACHINE.functions(endpoints.length - platform.length)}
            {bridges > 0 && <span className="muted"> {MACHINE.belowBridges(bridges)}</span>}
            {platform.length > 0 && <span className="muted">{MACHINE.platform(platform.length)}</span>}
          </Field>
          <Field name={<Term tip={TERMS.group}>{MACHINE.groups}</Term>}>
            {groups.length}
            {shared.length > 0 && <span className="muted">{MACHINE.shared(shared.length)}</span>}
          </Field>
          <Field name={MACHINE.iommus}>
            <ObjectLinks ids={all(objects, 'iommu').map((each) => each.id)} />
          </Field>
          <Field name={MACHINE.iommufd}>
            <ObjectLinks ids={contexts.map((each) => each.id)} none={MACHINE.notOpen} />
          </Field>
          <Field name={MACHINE.processes}>
            <ObjectLinks ids={all(objects, 'process').map((each) => each.id)} />
          </Field>
        </Fields>
      </Section>
      {different.length === 0 && devices.some((device) => device.recordedGroup !== null) && (
        <Section title={MACHINE.beside}>
          <p className="prose">{MACHINE.asReported}</p>
        </Section>
      )}
      {different.length > 0 && (
        <Section title={MACHINE.differing}>
          <ul className="stack mismatch">
            {different.map((group) => (
              <li key={group.id}>
                <ObjectLink id={group.id} />
                {group.mismatches.map((sentence) => (
                  <p key={sentence}>{sentence}</p>
                ))}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {shared.length > 0 && (
        <Section title={<Term tip={TERMS.group}>{MACHINE.several}</Term>}>
          <ul className="stack">
            {shared.map((group) => (
              <li key={group.id}>
                <ObjectLink id={group.id} />{' '}
                <span className="muted">{SHARED.devices(group.deviceIds.length)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </article>
  );
}

/** What to do next, by how far the scene has come. */
function NextStep({ objects }: { readonly objects: Objects }) {
  const spaces = all(objects, 'ioas');
  const isFirst = spaces.length === 0;
  return (
    <Section title={INSPECTOR.next}>
      <p className="prose">{nextSentence(spaces, all(objects, 'hwpt').length > 0)}</p>
      <div className="row after">
        <CommandButton
          id="new.ioas"
          subject={[]}
          label={MACHINE.newSpace}
          look={isFirst ? 'primary' : 'plain'}
        />
      </div>
    </Section>
  );
}

function nextSentence(spaces: readonly IoasObject[], attached: boolean): string {
  if (spaces.length === 0) return MACHINE.nextSpace;
  if (!attached) {
    return MACHINE.nextAttach;
  }
  return spaces.every((space) => space.areas.length === 0) ? MACHINE.nextMap : MACHINE.nextDma;
}
