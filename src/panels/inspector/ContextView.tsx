import type { ContextObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { scriptName } from '../../store/script';
import { Button } from '../../ui/Button';
import { Field, Fields, Section } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { newIoasLine } from './lines';

export function ContextView({ context }: { readonly context: ContextObject }) {
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  return (
    <>
      <Section title="Actions">
        <div className="row">
          <Button look="primary" onClick={() => void act([newIoasLine(script, context)])}>
            New IOAS
          </Button>
          <Button
            onClick={() => void act([`close ${scriptName(context)}`])}
            data-tip="Closes it, with everything in it"
          >
            Close
          </Button>
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
