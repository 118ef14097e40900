import type { ContextObject } from '../../engine/sim/world';
import { Field, Fields, Section } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';

export function ContextView({ context }: { readonly context: ContextObject }) {
  return (
    <>
      <Section title="Actions">
        <div className="row">
          <CommandButton id="context.ioas" subject={[context.id]} look="primary" />
          <CommandButton id="context.bind" subject={[context.id]} />
          <CommandButton id="context.fault-queue" subject={[context.id]} />
          <CommandButton id="context.close" subject={[context.id]} />
        </div>
      </Section>
      <Section title="State">
        <Fields>
          <Field name="opened by">
            <ObjectLink id={context.processId} />
          </Field>
          <Field name="objects">
            <ObjectLinks ids={context.objectIds} />
          </Field>
        </Fields>
      </Section>
    </>
  );
}
