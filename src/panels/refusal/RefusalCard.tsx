import { X } from 'lucide-react';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { ObjectLink } from '../shared/ObjectLink';
import { sentence } from '../shared/sentence';
import './refusal.css';

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
