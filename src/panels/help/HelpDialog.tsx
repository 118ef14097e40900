import { signature, VERBS } from '../../scenario/verbs';
import { useApp } from '../../store';
import { commandById } from '../../commands';
import { KEY_MAP, type KeyRow } from '../../store/shortcuts';
import { Dialog } from '../../ui/Dialog';
import { Legend } from '../../ui/Legend';
import type { TermTip } from '../../ui/Term';
import { TERMS } from '../shared/terms';
import { HELP, TERM_NAMES } from '../../words/panels/help';
import { Phrase } from '../../ui/Phrase';
import { About } from './About';
import { Defects } from './Defects';
import { TIMELINE_ZOOM } from '../../words/panels/timeline-zoom';
import './help.css';

/** Each term has one. */
const NAMES: Readonly<Record<keyof typeof TERMS, string>> = TERM_NAMES;

/** Made from the key map, the verbs and the words that the page itself uses. */
export function HelpDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  return (
    <Dialog
      title={HELP.title}
      reading
      description={HELP.description}
      width={760}
      onClose={() => openDialog(null)}
    >
      <div className="help">
        <section aria-labelledby="help-keys">
          <h3 id="help-keys" className="eyebrow">
            {HELP.keys}
          </h3>
          <KeyList where="page" />
          <h3 className="eyebrow">{HELP.onCanvas}</h3>
          <KeyList where="canvas" />
          <h3 className="eyebrow">{TIMELINE_ZOOM.keys}</h3>
          <KeyList where="timeline" />
          <p className="prose">
            <Phrase text={HELP.console} parts={{ what: <b>{HELP.inConsole}</b> }} />
          </p>
          <p className="prose">
            <Phrase
              text={HELP.machine}
              parts={{
                what: <b>{HELP.yourMachine}</b>,
                lspci: <code>lspci</code>,
                dmesg: <code>dmesg</code>,
                groups: <code>/sys/kernel/iommu_groups</code>,
              }}
            />
          </p>
        </section>
        <section aria-labelledby="help-words">
          <h3 id="help-words" className="eyebrow">
            {HELP.words}
          </h3>
          <dl className="fields">
            {Object.entries(NAMES).map(([key, name]) => (
              <div key={key}>
                <dt>{name}</dt>
                <dd>
                  <TermText {...TERMS[key as keyof typeof TERMS]} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
        <section aria-labelledby="help-marks" className="help-wide">
          <h3 id="help-marks" className="eyebrow">
            {HELP.marks}
          </h3>
          <Legend full />
        </section>
        <section aria-labelledby="help-verbs" className="help-wide">
          <h3 id="help-verbs" className="eyebrow">
            {HELP.lines}
          </h3>
          <dl className="help-verbs">
            {[...VERBS.values()].map((verb) => (
              <div key={verb.name}>
                <dt>
                  <code>{signature(verb)}</code>
                </dt>
                <dd className="prose">{verb.help}</dd>
              </div>
            ))}
          </dl>
        </section>
        <Defects />
        <About />
      </div>
    </Dialog>
  );
}

const TermText = ({ text, document }: TermTip) => (
  <>
    {text}
    {document !== null && (
      <small className="muted help-source">
        {document.href === null ? (
          document.label
        ) : (
          <a href={document.href} target="_blank" rel="noreferrer">
            {document.label}
          </a>
        )}
      </small>
    )}
  </>
);

/** Rows of the key map that do the same stand together. */
function KeyList({ where }: { readonly where: KeyRow['where'] }) {
  const rows = new Map<string, string[]>();
  for (const row of KEY_MAP) {
    if (row.where !== where) continue;
    const help = row.help ?? (row.command === null ? '' : (commandById(row.command)?.label ?? ''));
    rows.set(help, [...(rows.get(help) ?? []), row.keys]);
  }
  return (
    <dl className="fields help-keys">
      {[...rows].map(([help, all]) => (
        <div key={help}>
          <dt>
            {all.map((keys, index) => (
              <span key={keys}>
                {index > 0 && <span className="muted"> {HELP.or} </span>}
                {keys.split(' ').map((key) => (
                  <kbd key={key} className="kbd">
                    {key}
                  </kbd>
                ))}
              </span>
            ))}
          </dt>
          <dd>{help}</dd>
        </div>
      ))}
    </dl>
  );
}
