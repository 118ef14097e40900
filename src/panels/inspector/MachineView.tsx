import { freshName } from '../../scenario/edit';
import { useApp } from '../../store';
import { sceneTitle } from '../../store/script';
import { Button } from '../../ui/Button';
import { count } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { all } from '../shared/words';

/** The whole machine at a glance, and what one could do next. */
export function MachineView() {
  const objects = useApp((state) => state.objects);
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const devices = all(objects, 'device');
  const groups = all(objects, 'group');
  const contexts = all(objects, 'context');
  const endpoints = devices.filter((device) => !device.isBridge);
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
      {devices.length > 0 && <NextStep contexts={contexts.length} />}
      <Section title="At a glance">
        <Fields>
          <Field name="devices">
            {count(endpoints.length, 'function')}
            {bridges > 0 && <span className="muted"> below {count(bridges, 'bridge')}</span>}
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
        <div className="row after">
          <Button onClick={() => void act([`${freshName(script, 'ctx')} = open /dev/iommu`])}>
            Open /dev/iommu
          </Button>
        </div>
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
        <Section title="Groups of more than one device">
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

/** One sentence about what to do next, by how far the scene has come. */
function NextStep({ contexts }: { readonly contexts: number }) {
  return (
    <Section title="Next">
      <p className="prose">
        {contexts === 0
          ? 'Select a device on the canvas and press “Open iommufd + bind”: it then belongs to a program, and its DMA goes nowhere until you attach it to an address space.'
          : 'Drag the handle of a bound device onto an IOAS, or use its “Attach to…” menu. Then map memory in the IOAS and fire a DMA.'}
      </p>
    </Section>
  );
}
