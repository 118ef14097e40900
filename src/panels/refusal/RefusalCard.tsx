import { X } from 'lucide-react';
import { useApp } from '../../store';
import { driverLine, shortBdf, vfioDriver } from '../../store/script';
import type { Refusal } from '../../store/types';
import { Button, IconButton } from '../../ui/Button';
import { ObjectLink } from '../shared/ObjectLink';
import { sentence } from '../shared/sentence';
import './refusal.css';

/** A kernel driver in the way of a whole group: the one obstacle that a click can remove. */
function MoveAside({ refusal }: { readonly refusal: Refusal }) {
  const culprit = useApp((state) =>
    refusal.result.culprit === null ? undefined : state.objects[refusal.result.culprit],
  );
  const { act } = useApp((state) => state.actions);
  if (culprit?.type !== 'device' || culprit.driver === null || culprit.driver.managed) return null;
  return (
    <Button
      look="primary"
      data-tip={`Takes it from ${culprit.driver.name}, then goes on`}
      onClick={() => void act([driverLine(culprit, vfioDriver(culprit)), ...refusal.rest])}
    >
      Give {shortBdf(culprit.bdf)} to {vfioDriver(culprit)}
    </Button>
  );
}

/** What the kernel refused just now: the errno, the rule behind it in words, and what stands in the way. */
export function RefusalCard() {
  const refusal = useApp((state) => state.refusal);
  const { dismissRefusal, undo } = useApp((state) => state.actions);
  return (
    <div role="alert" className="refusal-place">
      {refusal !== null && (
        <section className="refusal" aria-label="Refused">
          <header>
            <b className="refusal-errno">{refusal.result.errno}</b>
            <code className="grow refusal-line">{refusal.line}</code>
            <IconButton label="Dismiss" onClick={dismissRefusal}>
              <X size={15} />
            </IconButton>
          </header>
          <p>{sentence(refusal.result.why)}</p>
          {refusal.result.rule !== null && (
            <p className="muted">
              decided by <code>{refusal.result.rule}</code>
            </p>
          )}
          <footer className="row">
            {refusal.result.culprit !== null && (
              <span className="grow">
                <span className="muted">in the way: </span>
                <ObjectLink id={refusal.result.culprit} full />
              </span>
            )}
            <MoveAside refusal={refusal} />
            <Button
              onClick={() => void undo()}
              data-tip="Undo: else the line stays in the script, with the errno that it must have"
            >
              Take it back
            </Button>
          </footer>
        </section>
      )}
    </div>
  );
}
