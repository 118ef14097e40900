import { ExternalLink, X } from 'lucide-react';
import { useApp } from '../../store';
import { driverLine, shortBdf, vfioDriver } from '../../store/script';
import type { Refusal } from '../../store/types';
import { Button, IconButton } from '../../ui/Button';
import { ObjectLink } from '../shared/ObjectLink';
import { sentence } from '../shared/sentence';
import { REFUSAL } from '../../words/panels/refusal';
import { errnoWords } from './errno-words';
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
      data-tip={REFUSAL.giveTip(culprit.driver.name)}
      onClick={() => void act([driverLine(culprit, vfioDriver(culprit)), ...refusal.rest])}
    >
      {REFUSAL.give(shortBdf(culprit.bdf), vfioDriver(culprit))}
    </Button>
  );
}

/** A function of the kernel leads to its source; opened by a person, never by the page. */
function Rule({ name }: { readonly name: string }) {
  if (!FUNCTION.test(name)) return <code>{name}</code>;
  return (
    <a
      className="refusal-rule"
      href={`https://elixir.bootlin.com/linux/latest/A/ident/${name}`}
      target="_blank"
      rel="noreferrer"
      aria-description={REFUSAL.source}
    >
      <code>{name}</code>
      <ExternalLink size={12} aria-hidden="true" />
    </a>
  );
}

/** One word is no function of the kernel: `vfs`, or what the scene itself refuses. */
const FUNCTION = /^[a-z0-9]*_[a-z0-9_]+$/;

/** What the kernel refused just now: the errno, the rule behind it in words, and what stands in the way. */
export function RefusalCard() {
  const refusal = useApp((state) => state.refusal);
  const { dismissRefusal, undo } = useApp((state) => state.actions);
  return (
    <div role="alert" className="refusal-place">
      {refusal !== null && (
        <section className="refusal" aria-label={REFUSAL.title}>
          <header>
            <p className="grow">
              <b className="refusal-errno">{refusal.result.errno}</b>{' '}
              <span className="muted">{errnoWords(refusal.result.errno)}</span>
            </p>
            <IconButton label={REFUSAL.dismiss} onClick={dismissRefusal}>
              <X size={15} />
            </IconButton>
          </header>
          <code className="refusal-line">{refusal.line}</code>
          <p>{sentence(refusal.result.why)}</p>
          <dl className="refusal-facts">
            {refusal.result.culprit !== null && (
              <>
                <dt>{REFUSAL.inTheWay}</dt>
                <dd>
                  <ObjectLink id={refusal.result.culprit} full />
                </dd>
              </>
            )}
            {refusal.result.rule !== null && (
              <>
                <dt>{REFUSAL.decidedBy}</dt>
                <dd>
                  <Rule name={refusal.result.rule} />
                </dd>
              </>
            )}
          </dl>
          <footer className="row">
            <MoveAside refusal={refusal} />
            {refusal.tried === true ? (
              <span className="muted">{REFUSAL.nothingChanged}</span>
            ) : (
              <Button onClick={() => void undo()} data-tip={REFUSAL.takeBackTip}>
                {REFUSAL.takeBack}
              </Button>
            )}
          </footer>
        </section>
      )}
    </div>
  );
}
