import type { IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { sceneTitle } from '../../store/script';
import { count } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { all, type Objects } from '../shared/words';

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
      <Section title="Nothing here yet">
        <p className="prose">
          Open a scene, import your own machine, or begin with one device: what you select is explained here.
        </p>
      </Section>
    );
  return (
    <article aria-labelledby="inspected">
      <header className="inspected">
        <p className="inspected-type">Machine</p>
        <h2 id="inspected">{sceneTitle(script) ?? 'Unnamed'}</h2>
      </header>
      {devices.length > 0 && <NextStep objects={objects} />}
      <Section title="At a glance">
        <Fields>
          <Field name="devices">
            {count(endpoints.length - platform.length, 'function')}
            {bridges > 0 && <span className="muted"> below {count(bridges, 'bridge')}</span>}
            {platform.length > 0 && (
              <span className="muted">, {count(platform.length, 'platform device')}</span>
            )}
          </Field>
          <Field name={<Term tip={TERMS.group}>groups</Term>}>
            {groups.length}
            {shared.length > 0 && <span className="muted">, {shared.length} with more than one device</span>}
          </Field>
          <Field name="IOMMUs">
            <ObjectLinks ids={all(objects, 'iommu').map((each) => each.id)} />
          </Field>
          <Field name="iommufd">
            <ObjectLinks ids={contexts.map((each) => each.id)} none="not open" />
          </Field>
          <Field name="processes">
            <ObjectLinks ids={all(objects, 'process').map((each) => each.id)} />
          </Field>
        </Fields>
      </Section>
      {different.length === 0 && devices.some((device) => device.recordedGroup !== null) && (
        <Section title="Beside the dump">
          <p className="prose">The groups are those that the machine’s own kernel reported.</p>
        </Section>
      )}
      {different.length > 0 && (
        <Section title="Groups that differ from the dump">
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
        <Section title={<Term tip={TERMS.group}>Groups of more than one device</Term>}>
          <ul className="stack">
            {shared.map((group) => (
              <li key={group.id}>
                <ObjectLink id={group.id} />{' '}
                <span className="muted">{count(group.deviceIds.length, 'device')}</span>
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
    <Section title="Next">
      <p className="prose">{nextSentence(spaces, all(objects, 'hwpt').length > 0)}</p>
      <div className="row after">
        <CommandButton
          id="new.ioas"
          subject={[]}
          label="New address space"
          look={isFirst ? 'primary' : 'plain'}
        />
      </div>
    </Section>
  );
}

function nextSentence(spaces: readonly IoasObject[], attached: boolean): string {
  if (spaces.length === 0)
    return 'Make an I/O address space (IOAS) first: it says what a device’s DMA will see.';
  if (!attached) {
    return 'Take a device by the grip on its right edge and drop it on the IOAS: it gets a vfio driver, is bound to iommufd and attached. Or select the device and use its buttons.';
  }
  return spaces.every((space) => space.areas.length === 0)
    ? 'Select the IOAS and map memory in it: until then every DMA of the device faults.'
    : 'Select a device and fire a DMA at an IOVA that is mapped.';
}
