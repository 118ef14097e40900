import type { ImportedTrace, TraceRemark } from '../../scenario/import/trace/import-trace';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { remarkLines, TRACE_TEXT as text, TRACE_WORDS, traceWords } from '../../words/panels/import/trace';
import { sentence } from '../shared/sentence';
import './trace-report.css';

interface TraceProps {
  readonly trace: ImportedTrace;
  readonly onClose: () => void;
}

/** Lines of the script that are shown: enough to see what it is about. */
const SHOWN = 40;

/** Recorded calls: how many were understood, what is missing, and the scene that makes them again. */
export function TraceReport({ trace, beside, onClose }: TraceProps & { readonly beside: boolean }) {
  const { kind, lines, translated, remarks } = trace;
  const losses = remarks.filter(({ isLoss }) => isLoss);
  const taken = remarks.filter(({ isLoss }) => !isLoss);
  return (
    <section className="trace-report" aria-label={TRACE_WORDS[kind].title}>
      <p className="import-headline">{traceWords(trace)}</p>
      {translated === 0 && <p>{text.nothing}</p>}
      <p className="prose">
        {text.machine} {text.expects}
      </p>
      <Remarks title={text.losses} remarks={losses} isOpen={losses.length < 8} />
      <Remarks title={text.taken} remarks={taken} isOpen={losses.length === 0 && taken.length < 5} />
      <details open={!beside}>
        <summary>
          <h3 className="eyebrow">{text.script}</h3>
        </summary>
        <pre className="preview trace-script mono" tabIndex={0} aria-label={text.script}>
          {lines.slice(0, SHOWN).join('\n')}
          {lines.length > SHOWN && `\n… ${text.more(lines.length - SHOWN)}`}
        </pre>
      </details>
      {beside && (
        <div className="row">
          <OpenTrace trace={trace} onClose={onClose} />
        </div>
      )}
    </section>
  );
}

interface RemarksProps {
  readonly title: string;
  readonly remarks: readonly TraceRemark[];
  readonly isOpen: boolean;
}

function Remarks({ title, remarks, isOpen }: RemarksProps) {
  if (remarks.length === 0) return null;
  return (
    <details open={isOpen}>
      <summary>
        <h3 className="eyebrow">
          {title} <span className="muted">{remarks.length}</span>
        </h3>
      </summary>
      <ul className="trace-remarks">
        {remarks.map((remark) => (
          <li key={remark.text}>
            {sentence(remark.text)} <span className="muted">{remarkLines(remark)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Opens the scene, and says where it came out otherwise than it was recorded. */
export function OpenTrace({ trace, look, onClose }: TraceProps & { readonly look?: 'primary' }) {
  const { replaceScript, select, showPanel, notify } = useApp((state) => state.actions);
  const open = async (): Promise<void> => {
    onClose();
    if (!(await replaceScript(trace.lines.join('\n')))) return;
    select(null);
    showPanel('ioctls');
    const otherwise = useApp.getState().results.filter(({ ok }) => !ok).length;
    notify({
      tone: 'info',
      text: `${text.opened(trace.lines.length)}${otherwise === 0 ? '' : ` ${text.otherwise(otherwise)}`}`,
    });
  };
  return (
    <Button
      {...(look === undefined ? {} : { look })}
      disabled={trace.translated === 0}
      onClick={() => void open()}
    >
      {text.open}
    </Button>
  );
}
