import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { parseScript } from '../../scenario/parse';
import type { LineResult } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { count } from '../../ui/numbers';
import './editor.css';

interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The whole script as text. While a line is wrong, the last good state stays on screen. */
export function EditorDialog() {
  const script = useApp((state) => state.script);
  const { openDialog, replaceScript } = useApp((state) => state.actions);
  const [text, setText] = useState(script);
  const [failed, setFailed] = useState<readonly Problem[]>([]);
  const area = useRef<HTMLTextAreaElement>(null);
  const checked = useDeferredValue(text);
  const wrong = useMemo(() => problemsOf(checked), [checked]);
  const problems = wrong.length > 0 ? wrong : failed;

  const run = async (): Promise<void> => {
    if (wrong.length > 0 || !(await replaceScript(text))) return;
    const after = problemsOfRun();
    setFailed(after);
    if (after.length === 0) openDialog(null);
  };

  const goTo = ({ line, column }: Problem): void => {
    const lines = text.split('\n');
    const at = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
    area.current?.focus();
    area.current?.setSelectionRange(at, at + 1);
  };

  return (
    <Dialog
      title="Script"
      description="One action a line. Running it replaces the scene in one undoable step."
      width={880}
      onClose={() => openDialog(null)}
      footer={
        <>
          <span className="grow muted">{count(text === '' ? 0 : text.split('\n').length, 'line')}</span>
          <Button onClick={() => download(text)}>Save as a file</Button>
          <Button look="primary" disabled={wrong.length > 0} onClick={() => void run()}>
            Run <span className="kbd">Ctrl ↵</span>
          </Button>
        </>
      }
    >
      <div className="editor">
        <div className="editor-scroll">
          <pre className="editor-numbers mono" aria-hidden="true">
            {text.split('\n').map((_, index) => (
              <span key={index} data-bad={problems.some((problem) => problem.line === index + 1)}>
                {index + 1}
              </span>
            ))}
          </pre>
          <textarea
            ref={area}
            className="editor-text mono"
            aria-label="Script"
            aria-invalid={problems.length > 0}
            aria-describedby="editor-problems"
            value={text}
            rows={Math.max(16, text.split('\n').length + 1)}
            spellCheck={false}
            autoCapitalize="off"
            wrap="off"
            onChange={(event) => {
              setText(event.target.value);
              setFailed([]);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
            }}
          />
        </div>
        <ul className="editor-problems" id="editor-problems" aria-live="polite">
          {problems.map((problem) => (
            <li key={`${problem.line}:${problem.column}`}>
              <button type="button" className="link" onClick={() => goTo(problem)}>
                <code>
                  {problem.line}:{problem.column}
                </code>
                <span className="error-text">{problem.message}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

const problemsOf = (text: string): readonly Problem[] =>
  parseScript(text).lines.flatMap(({ number, error }) =>
    error === null ? [] : [{ line: number, column: error.column, message: error.message }],
  );

/** How a line ends that no errno refused. */
const ENDS: Partial<Record<LineResult['status'], string>> = {
  fault: 'it faults',
  waits: 'it waits',
  deadlock: 'it waits for ever',
  mismatch: 'it is not so',
};

/** What the engine could not make sense of, or what came out otherwise than the script says. */
const problemsOfRun = (): readonly Problem[] =>
  useApp.getState().results.flatMap((result) => {
    if (result.ok) return [];
    const { line, column, why, errno, expected, status } = result;
    if (status === 'error')
      return [{ line, column: column ?? 1, message: why ?? 'this line makes no sense' }];
    const came = status === 'ok' ? 'it succeeds' : `${errno ?? ENDS[status] ?? ''}: ${why ?? ''}`;
    return [{ line, column: 1, message: expected === null ? came : `expected ${expected}, but ${came}` }];
  });

function download(text: string): void {
  const url = URL.createObjectURL(
    new Blob([text.endsWith('\n') ? text : `${text}\n`], { type: 'text/plain' }),
  );
  const link = Object.assign(document.createElement('a'), { href: url, download: 'scenario.iommu' });
  link.click();
  URL.revokeObjectURL(url);
}
