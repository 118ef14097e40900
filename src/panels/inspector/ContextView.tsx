import type { ContextObject } from '../../engine/sim/world';
import { Field, Fields, Section } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { PROCESS } from '../../words/panels/inspector/memory';

export function ContextView({ context }: { readonly context: ContextObject }) {
  return (
    <>
      <Section title={INSPECTOR.actions}>
        <div className="row">
          <CommandButton id="context.ioas" subject={[context.id]} look="primary" />
          <CommandButton id="context.bind" subject={[context.id]} />
          <CommandButton id="context.fault-queue" subject={[context.id]} />
          <CommandButton id="context.close" subject={[context.id]} />
        </div>
      </Section>
      <Section title={INSPECTOR.state}>
        <Fields>
          <Field name={PROCESS.openedBy}>
            <ObjectLink id={context.processId} />
          </Field>
          <Field name={PROCESS.objects}>
            <ObjectLinks ids={context.objectIds} />
          </Field>
        </Fields>
      </Section>
    </>
  );
}
