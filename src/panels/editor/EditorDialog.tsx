import type { EditorView } from '@codemirror/view';
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { formatScript } from '../../scenario/format';
import { parseScript } from '../../scenario/parse';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { EDITOR } from '../../words/panels/editor';
import { Phrase } from '../../ui/Phrase';
import { goTo, openEditor, repair, replaceText, showProblems } from './code-mirror';
import { draftOf, keepDraft } from './draft';
import { breakLines } from './margins';
import { problemsOf, problemsOfRun, type Problem } from './problems';
import './editor.css';

/** More than these are counted: nobody repairs a thousand lines by a list. */
const LISTED = 60;

/** The whole script as text. While a line is wrong, the last good state stays on screen. */
export function EditorDialog() {
  const script = useApp((state) => state.script);
  const { openDialog } = useApp((state) => state.actions);
  const [text, setText] = useState(() => draftOf(script) ?? script);
  const [failed, setFailed] = useState<readonly Problem[]>([]);
  const [view, setView] = useState<EditorView | null>(null);
  const checked = useDeferredValue(text);
  const found = useMemo(() => problemsOf(checked), [checked]);
  const wrong = found.some(({ severity }) => severity === 'error');
  const problems = useMemo(() => (failed.length > 0 ? failed : found), [failed, found]);
  const changed = text !== script;

  const format = (): void => {
    if (view !== null) replaceText(view, tidied(view.state.doc.toString()));
  };
  const run = async (): Promise<void> => {
    if (view === null) return;
    const now = view.state.doc.toString();
    if (problemsOf(now).some(({ severity }) => severity === 'error')) return;
    const breaks = breakLines(view.state);
    const { actions } = useApp.getState();
    if (!(await actions.replaceScript(now))) return;
    setBreaks(breaks);
    keepDraft(null);
    const after = problemsOfRun(useApp.getState().results);
    setFailed(after);
    if (after.length === 0) openDialog(null);
  };

  // What the keys of the editor do is always the newest.
  const does = useRef({ format, run });
  useEffect(() => {
    does.current = { format, run };
  });

  const mount = useCallback((parent: HTMLDivElement) => {
    const { script: here, known, breakpoints } = useApp.getState();
    const editor = openEditor({
      parent,
      text: draftOf(here) ?? here,
      came: { lines: linesOf(here), results: known },
      breaks: breakpoints.flatMap((each) => (each.kind === 'line' ? [each.line] : [])),
      objects: () => Object.values(useApp.getState().objects),
      onText(next) {
        setText(next);
        setFailed([]);
        keepDraft({ of: useApp.getState().script, text: next });
      },
      onBreaks(lines) {
        // Of a changed text they count from when it runs.
        if (editor.state.doc.toString() === useApp.getState().script) setBreaks(lines);
      },
      onRun: () => void does.current.run(),
      onFormat: () => does.current.format(),
    });
    setView(editor);
    return () => {
      editor.destroy();
      setView(null);
    };
  }, []);

  useEffect(() => {
    // Of a text that has been typed on meanwhile they would stand in the wrong places.
    if (view?.state.doc.toString() === checked) showProblems(view, problems);
  }, [view, problems, checked]);

  return (
    <Dialog
      title={EDITOR.title}
      description={EDITOR.description}
      width={960}
      onClose={() => openDialog(null)}
      footer={
        <>
          <span className="grow muted editor-state">
            {(changed ? EDITOR.linesNotRun : EDITOR.lines)(text === '' ? 0 : text.split('\n').length)}
          </span>
          {changed && (
            <Button look="quiet" onClick={() => view && replaceText(view, script)}>
              {EDITOR.undoAll}
            </Button>
          )}
          <Button data-tip={EDITOR.tidyTip} onClick={format}>
            {EDITOR.tidy}
          </Button>
          <Button onClick={() => download(text)}>{EDITOR.save}</Button>
          <Button look="primary" disabled={wrong} onClick={() => void run()}>
            <Phrase text={EDITOR.run} parts={{ keys: <kbd className="kbd">Ctrl ↵</kbd> }} />
          </Button>
        </>
      }
    >
      <div className="editor">
        <div className="editor-place" ref={mount} />
        <ul className="editor-problems" id="editor-problems" aria-live="polite">
          {problems.slice(0, LISTED).map((problem) => (
            <li key={`${problem.line}:${problem.column}`}>
              <button type="button" className="link" onClick={() => view && goTo(view, problem)}>
                <code>
                  {problem.line}:{problem.column}
                </code>
                <span className={problem.severity === 'error' ? 'error-text' : 'warning-text'}>
                  {problem.message}
                </span>
              </button>
              {problem.instead !== null && (
                <button
                  type="button"
                  className="chip editor-repair"
                  onClick={() => view && repair(view, problem)}
                >
                  {EDITOR.write(problem.instead)}
                </button>
              )}
            </li>
          ))}
          {problems.length > LISTED && <li className="muted">{EDITOR.more(problems.length - LISTED)}</li>}
        </ul>
        <p className="muted editor-keys">
          <Phrase
            text={EDITOR.keys}
            parts={{
              tab: <kbd className="kbd">Tab</kbd>,
              f8: <kbd className="kbd">F8</kbd>,
              f9: <kbd className="kbd">F9</kbd>,
              find: <kbd className="kbd">Ctrl F</kbd>,
            }}
          />
        </p>
      </div>
    </Dialog>
  );
}

/** The canonical spelling, line by line, with the end as it was. */
function tidied(text: string): string {
  const formatted = formatScript(parseScript(text));
  return text.endsWith('\n') ? formatted : formatted.replace(/\n$/, '');
}

/** Lines to stop after; other reasons to stop stay. */
function setBreaks(lines: readonly number[]): void {
  const { breakpoints, actions } = useApp.getState();
  const others = breakpoints.filter(({ kind }) => kind !== 'line');
  actions.setBreakpoints([...others, ...lines.map((line) => ({ kind: 'line', line }) as const)]);
}

function download(text: string): void {
  const url = URL.createObjectURL(
    new Blob([text.endsWith('\n') ? text : `${text}\n`], { type: 'text/plain' }),
  );
  const link = Object.assign(document.createElement('a'), { href: url, download: 'scenario.iommu' });
  link.click();
  URL.revokeObjectURL(url);
}
