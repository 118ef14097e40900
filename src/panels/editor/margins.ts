import { RangeSet, StateEffect, StateField, type EditorState, type Extension } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  gutter,
  GutterMarker,
  keymap,
  ViewPlugin,
  WidgetType,
  type DecorationSet,
} from '@codemirror/view';
import type { LineResult } from '../../engine/sim/batch';
import { EDITOR } from '../../words/panels/editor';

/** What the lines of the scene came to; an edited line and all after it have none. */
export interface Came {
  readonly lines: readonly string[];
  readonly results: readonly LineResult[];
}

export const setCame = StateEffect.define<Came>();

const came = StateField.define<Came>({
  create: () => ({ lines: [], results: [] }),
  update: (value, { effects }) => effects.find((effect) => effect.is(setCame))?.value ?? value,
});

/** So many lines are still those that ran. */
const same = StateField.define<number>({
  create: (state) => sameLines(state),
  update: (value, transaction) =>
    transaction.docChanged || transaction.effects.some((effect) => effect.is(setCame))
      ? sameLines(transaction.state)
      : value,
});

function sameLines(state: EditorState): number {
  const { lines } = state.field(came);
  let at = 0;
  for (const text of state.doc.iterLines()) {
    if (at >= lines.length || text !== lines[at]) break;
    at++;
  }
  return at;
}

function resultOf(state: EditorState, line: number): LineResult | null {
  const result = line <= state.field(same) ? state.field(came).results[line - 1] : undefined;
  return result === undefined || result.status === 'none' ? null : result;
}

const MARKS: Readonly<Partial<Record<LineResult['status'], string>>> = { ok: '✓', waits: '…' };

class ResultMark extends GutterMarker {
  constructor(private readonly result: LineResult) {
    super();
  }
  override eq(other: ResultMark): boolean {
    return other.result === this.result;
  }
  override toDOM(): Node {
    const { status, ok, result, why, errno } = this.result;
    const mark = document.createElement('span');
    mark.className = 'editor-result';
    mark.dataset.tone = !ok
      ? 'unexpected'
      : status === 'ok'
        ? 'ok'
        : status === 'waits'
          ? 'waits'
          : 'refused';
    mark.textContent = MARKS[status] ?? '✕';
    mark.title = [errno, why ?? result].filter(Boolean).join(': ');
    return mark;
  }
}

/** What came of a line, behind it; quiet, for the text is what one is here for. */
class Outcome extends WidgetType {
  constructor(
    private readonly text: string,
    private readonly tone: string,
  ) {
    super();
  }
  override eq(other: Outcome): boolean {
    return other.text === this.text && other.tone === this.tone;
  }
  override toDOM(): HTMLElement {
    const outcome = document.createElement('span');
    outcome.className = 'editor-outcome';
    outcome.dataset.tone = this.tone;
    outcome.setAttribute('aria-hidden', 'true');
    outcome.textContent = this.text;
    return outcome;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}

const WORDS: Partial<Record<LineResult['status'], string>> = EDITOR.outcome;

function outcomesIn(view: EditorView): DecorationSet {
  const widgets = view.visibleRanges.flatMap(({ from, to }) => {
    const found = [];
    for (let pos = from; pos <= to;) {
      const line = view.state.doc.lineAt(pos);
      const result = resultOf(view.state, line.number);
      const text = result && (result.errno ?? WORDS[result.status] ?? result.result);
      if (result !== null && text)
        found.push(
          Decoration.widget({
            widget: new Outcome(text, result.status === 'ok' ? 'ok' : 'refused'),
            side: 1,
          }).range(line.to),
        );
      pos = line.to + 1;
    }
    return found;
  });
  return Decoration.set(widgets);
}

const outcomes = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = outcomesIn(view);
    }
    update(update: {
      docChanged: boolean;
      viewportChanged: boolean;
      view: EditorView;
      startState: EditorState;
      state: EditorState;
    }): void {
      const ran = update.startState.field(came) !== update.state.field(came);
      if (update.docChanged || update.viewportChanged || ran) this.decorations = outcomesIn(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

class BreakMark extends GutterMarker {
  override toDOM(): Node {
    const mark = document.createElement('span');
    mark.className = 'editor-break';
    mark.title = EDITOR.stopsHere;
    return mark;
  }
}
const BREAK = new BreakMark();

export const setBreakLines = StateEffect.define<readonly number[]>();
const toggleBreak = StateEffect.define<number>();

/** Where playing stops; they go along with their lines. */
const breaks = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(value, transaction) {
    let now = value.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setBreakLines)) now = marksAt(transaction.state, effect.value);
      if (effect.is(toggleBreak)) {
        const at = effect.value;
        const there = hasMark(now, at);
        now = now.update(there ? { filter: (from) => from !== at } : { add: [BREAK.range(at)] });
      }
    }
    return now;
  },
});

function hasMark(marks: RangeSet<GutterMarker>, at: number): boolean {
  let found = false;
  marks.between(at, at, (from) => {
    found ||= from === at;
  });
  return found;
}

const marksAt = (state: EditorState, lines: readonly number[]): RangeSet<GutterMarker> =>
  RangeSet.of(
    lines
      .filter((line) => line >= 1 && line <= state.doc.lines)
      .map((line) => BREAK.range(state.doc.line(line).from)),
    true,
  );

/** Lines after which playing stops, as the text has them now. */
export function breakLines(state: EditorState): readonly number[] {
  const lines = new Set<number>();
  state.field(breaks).between(0, state.doc.length, (from) => {
    lines.add(state.doc.lineAt(from).number);
  });
  return [...lines].toSorted((a, b) => a - b);
}

function toggleAt(view: EditorView, pos: number): boolean {
  view.dispatch({ effects: toggleBreak.of(view.state.doc.lineAt(pos).from) });
  return true;
}

/** Beside the numbers: where playing stops, and how each line came out. `onBreaks`: somebody changed the stops. */
export const margins = (onBreaks: (lines: readonly number[]) => void): Extension => [
  came,
  same,
  breaks,
  outcomes,
  gutter({
    class: 'editor-breaks',
    markers: (view) => view.state.field(breaks),
    initialSpacer: () => BREAK,
    domEventHandlers: { mousedown: (view, line) => toggleAt(view, line.from) },
  }),
  keymap.of([{ key: 'F9', run: (view) => toggleAt(view, view.state.selection.main.head) }]),
  EditorView.updateListener.of((update) => {
    const toggled = update.transactions.some(({ effects }) =>
      effects.some((effect) => effect.is(toggleBreak)),
    );
    if (toggled) onBreaks(breakLines(update.state));
  }),
];

export const resultGutter: Extension = gutter({
  class: 'editor-results',
  lineMarker(view, block) {
    const result = resultOf(view.state, view.state.doc.lineAt(block.from).number);
    return result === null ? null : new ResultMark(result);
  },
  lineMarkerChange: (update) =>
    update.startState.field(came) !== update.state.field(came) || update.docChanged,
});
