import { Copy } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useState, type ReactNode } from 'react';
import { DEFAULT_OPTIONS, HEIGHT, type EmbedOptions } from '../../embed/options';
import {
  elementSnippet,
  FRAME_HEIGHT,
  frameAddress,
  frameSnippet,
  type Embedded,
  type Start,
} from '../../embed/snippets';
import { isFile, linkTo, pageBase } from '../../share/links';
import { useApp } from '../../store';
import { linesOf, sceneTitle } from '../../store/script';
import { Button } from '../../ui/Button';
import { sceneNow } from '../link-scene';
import { copyText } from './copy';
import { EMBED_TAB as words } from '../../words/app/share-embed';
import './embed-tab.css';

type Kind = 'element' | 'frame';

/** A playground that others reach, where this one is a file. */
const ELSEWHERE = 'https://PLAYGROUND/';

/** A live figure for somebody's page: options, what readers will see, and the text to paste. */
export function EmbedTab() {
  const [options, setOptions] = useState<EmbedOptions>(DEFAULT_OPTIONS);
  const [start, setStart] = useState<Start>('click');
  const [kind, setKind] = useState<Kind>('element');
  const embedded = useEmbedded(options, start);
  const told = isFile() ? { ...embedded, page: ELSEWHERE } : embedded;
  const snippet = kind === 'element' ? elementSnippet(told) : frameSnippet(told);
  const change = (part: Partial<EmbedOptions>): void => setOptions({ ...options, ...part });
  return (
    <div className="embed-tab">
      <Options options={options} onChange={change}>
        {kind === 'element' && (
          <Choice label={words.start} value={start} all={words.starts} onChange={setStart} />
        )}
      </Options>
      <section className="share-section" aria-labelledby="embed-preview">
        <h3 id="embed-preview">{words.preview}</h3>
        <Preview embedded={embedded} />
      </section>
      <section className="share-section" aria-labelledby="embed-snippet">
        <h3 id="embed-snippet">{words.snippet}</h3>
        <div className="embed-kinds">
          <div className="segments" role="group" aria-labelledby="embed-snippet">
            {(['element', 'frame'] as const).map((each) => (
              <button key={each} type="button" aria-pressed={kind === each} onClick={() => setKind(each)}>
                {words[each]}
              </button>
            ))}
          </div>
          <span className="muted">{kind === 'element' ? words.elementHint : words.frameHint}</span>
        </div>
        <textarea
          className="input input-mono embed-snippet"
          aria-labelledby="embed-snippet"
          readOnly
          rows={kind === 'element' ? 8 : 10}
          value={snippet}
          spellCheck={false}
          onFocus={(event) => event.target.select()}
        />
        <div className="embed-copy">
          <Button look="primary" onClick={() => void copyText(snippet, words.copied)}>
            <Copy size={14} aria-hidden="true" />
            {words.copy}
          </Button>
          <span className="muted">
            {words.size(embedded.page.length + embedded.hash.length, snippet.length)}
          </span>
        </div>
        {isLocal() && <p className="embed-local">{isFile() ? words.ofFile : words.local}</p>}
      </section>
    </div>
  );
}

function useEmbedded(options: EmbedOptions, start: Start): Embedded {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  return useMemo(() => {
    void cursor;
    const page = pageBase();
    return {
      page,
      hash: linkTo(sceneNow(), ''),
      title: sceneTitle(script) ?? words.untitled,
      options,
      start,
    };
  }, [script, cursor, options, start]);
}

interface OptionsProps {
  readonly options: EmbedOptions;
  readonly onChange: (part: Partial<EmbedOptions>) => void;
  readonly children: ReactNode;
}

function Options({ options, onChange, children }: OptionsProps) {
  const cursor = useApp((state) => state.cursor);
  const lines = useApp((state) => linesOf(state.script).length);
  const { theme, controls, wheel, motion, step, height, autoplay, editable } = options;
  return (
    <fieldset className="embed-options" aria-label={words.options}>
      <Choice
        label={words.theme}
        value={theme}
        all={words.themes}
        onChange={(next) => onChange({ theme: next })}
      />
      <Choice
        label={words.controls}
        value={controls}
        all={words.controlsOf}
        onChange={(next) => onChange({ controls: next })}
      />
      <Choice
        label={words.wheel}
        value={wheel}
        all={words.wheels}
        onChange={(next) => onChange({ wheel: next })}
      />
      <Choice
        label={words.motion}
        value={motion}
        all={words.motions}
        onChange={(next) => onChange({ motion: next })}
      />
      <Whole
        label={words.step}
        value={step}
        least={0}
        most={lines}
        empty={words.stepHere(cursor)}
        onChange={(next) => onChange({ step: next })}
      />
      <Whole
        label={words.height}
        value={height}
        least={HEIGHT.least}
        most={HEIGHT.most}
        empty={words.heightOwn}
        onChange={(next) => onChange({ height: next })}
      />
      {children}
      <label className="check">
        <input type="checkbox" checked={autoplay} onChange={() => onChange({ autoplay: !autoplay })} />
        {words.autoplay}
      </label>
      <label className="check">
        <input type="checkbox" checked={editable} onChange={() => onChange({ editable: !editable })} />
        {words.editable}
      </label>
    </fieldset>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly all: Readonly<Record<T, string>>;
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, all, onChange }: ChoiceProps<T>) {
  return (
    <label className="field">
      <span>{label}</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value as T)}>
        {(Object.keys(all) as T[]).map((each) => (
          <option key={each} value={each}>
            {all[each]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface WholeProps {
  readonly label: string;
  readonly value: number | null;
  readonly least: number;
  readonly most: number;
  /** What an empty field means. */
  readonly empty: string;
  readonly onChange: (value: number | null) => void;
}

/** A whole number or nothing. What is out of bounds counts when it has come within them. */
function Whole({ label, value, least, most, empty, onChange }: WholeProps) {
  const [text, setText] = useState(value === null ? '' : String(value));
  const wrong =
    text !== '' && !(Number.isInteger(Number(text)) && Number(text) >= least && Number(text) <= most);
  return (
    <label className="field">
      <span>{label}</span>
      <input
        className="input"
        type="number"
        min={least}
        max={most}
        placeholder={empty}
        aria-invalid={wrong}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          const number = target.valueAsNumber;
          if (target.value === '') onChange(null);
          else if (Number.isInteger(number) && number >= least && number <= most) onChange(number);
        }}
      />
    </label>
  );
}

const PREVIEW_MS = 400;

/** The frame that both snippets come to. A new one for every change of options: that is what a reader gets. */
function Preview({ embedded }: { readonly embedded: Embedded }) {
  const wanted = useDeferredValue(frameAddress(embedded));
  const [address, setAddress] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setAddress(wanted), PREVIEW_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  return (
    <iframe
      key={address}
      className="embed-preview"
      title={words.previewTitle}
      src={address}
      style={{ blockSize: `${Math.min(embedded.options.height ?? FRAME_HEIGHT, 560)}px` }}
    />
  );
}

const isLocal = (): boolean => /^(localhost|127\.|\[::1\]|$)/.test(location.hostname);
