import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, toggleComment } from '@codemirror/commands';
import { lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Prec, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import type { WorldObject } from '../../engine/sim/world';
import { EDITOR } from '../../words/panels/editor';
import { completions } from './completion';
import { language } from './language';
import { margins, resultGutter, setBreakLines, setCame, type Came } from './margins';
import type { Problem } from './problems';
import { theme } from './theme';

interface EditorSetup {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly came: Came;
  readonly breaks: readonly number[];
  readonly objects: () => readonly WorldObject[];
  readonly onText: (text: string) => void;
  readonly onBreaks: (lines: readonly number[]) => void;
  readonly onRun: () => void;
  readonly onFormat: () => void;
}

/** CodeMirror with the language, the margins and the look of this page. */
export function openEditor(setup: EditorSetup): EditorView {
  const { parent, text, came, breaks, objects, onText, onBreaks, onRun, onFormat } = setup;
  const does = (what: () => void) => (): boolean => {
    what();
    return true;
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: 'Mod-Enter', run: does(onRun) },
            { key: 'Shift-Alt-f', run: does(onFormat) },
          ]),
        ),
        completions(objects),
        margins(onBreaks),
        lineNumbers(),
        resultGutter,
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        closeBrackets(),
        language,
        theme,
        keymap.of([
          { key: 'Mod-/', run: toggleComment },
          ...closeBracketsKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...lintKeymap,
          ...defaultKeymap,
        ]),
        EditorView.contentAttributes.of({
          'aria-label': EDITOR.title,
          'aria-describedby': 'editor-problems',
          spellcheck: 'false',
          autocapitalize: 'off',
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onText(update.state.doc.toString());
        }),
      ],
    }),
  });
  view.dispatch({ effects: [setCame.of(came), setBreakLines.of(breaks)] });
  return view;
}

/** Problems in their places: underlined, in words where the pointer or F8 comes to them, with what would repair them. */
export function showProblems(view: EditorView, problems: readonly Problem[]): void {
  const { doc } = view.state;
  const diagnostics = problems
    .filter(({ line }) => line <= doc.lines)
    .map((problem): Diagnostic => {
      const { from, to } = wordAt(doc, problem);
      const { severity, message, instead } = problem;
      return {
        from,
        to,
        severity,
        message,
        ...(instead === null
          ? {}
          : {
              actions: [
                {
                  name: EDITOR.write(instead),
                  apply: (at, start, end) =>
                    at.dispatch({ changes: { from: start, to: end, insert: instead } }),
                },
              ],
            }),
      };
    });
  view.dispatch(setDiagnostics(view.state, diagnostics));
  view.contentDOM.setAttribute('aria-invalid', String(problems.length > 0));
}

/** The word that begins at a column; at the end of a line what stands last. */
function wordAt(doc: Text, { line, column }: Problem): { readonly from: number; readonly to: number } {
  const { from, to, text } = doc.line(line);
  const start = Math.min(column - 1, text.length);
  const length = /^[^\s=]+/.exec(text.slice(start))?.[0].length ?? 0;
  return length > 0
    ? { from: from + start, to: from + start + length }
    : { from: Math.max(from, to - 1), to };
}

/** The caret on a place, and that in view. */
export function goTo(view: EditorView, problem: Problem): void {
  const { from, to } = wordAt(view.state.doc, problem);
  view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  view.focus();
}

/** Writes what was meant. */
export function repair(view: EditorView, problem: Problem): void {
  const { from, to } = wordAt(view.state.doc, problem);
  if (problem.instead !== null) view.dispatch({ changes: { from, to, insert: problem.instead } });
  view.focus();
}

/** Another text as one step that can be undone. */
export function replaceText(view: EditorView, text: string): void {
  const before = view.state.doc.toString();
  if (before === text) return;
  view.dispatch({ changes: { from: 0, to: before.length, insert: text } });
}
