import { Copy, Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { FigureTheme } from '../../figure';
import { useApp } from '../../store';
import { stagedLookup } from '../../store/playback';
import { Button } from '../../ui/Button';
import { byteSize } from '../../ui/numbers';
import { copyText } from './copy';
import { drawn, titleNow, type FigureOf } from './draw-figure';
import { fileName } from './file-name';
import { FIGURE_TAB as words } from '../../words/app/share-figure';
import { saveBlob, saveText } from './save-file';
import './figure-tab.css';

const SUBJECTS: readonly (readonly [FigureOf, string])[] = [
  ['canvas', words.canvas],
  ['walk', words.walk],
];
const THEMES: readonly (readonly [FigureTheme, string])[] = [
  ['light', words.light],
  ['dark', words.dark],
];

/** A picture of the scene for a document. */
export function FigureTab() {
  const [of, setOf] = useState<FigureOf>('canvas');
  const [theme, setTheme] = useState<FigureTheme>('light');
  const svg = useFigure(of, theme);
  const ready = typeof svg === 'string';
  const name = `${fileName(titleNow())}${of === 'walk' ? '-walk' : ''}`;
  const savePng = async (): Promise<void> => {
    if (!ready) return;
    const { pngOf } = await import('../../figure');
    const png = await pngOf(svg);
    if (png === null) useApp.getState().actions.notify({ tone: 'error', text: words.noPng });
    else saveBlob(`${name}.png`, png);
  };
  return (
    <div className="figure-tab">
      <div className="figure-choices">
        <Segments label={words.what} rows={SUBJECTS} value={of} onChange={setOf} />
        <Segments label={words.theme} rows={THEMES} value={theme} onChange={setTheme} />
      </div>
      <p className="figure-says">{words.says}</p>
      <Preview svg={svg} of={of} />
      <div className="figure-actions">
        <Button look="primary" disabled={!ready} onClick={() => ready && saveText(`${name}.svg`, svg, SVG)}>
          <Download size={14} aria-hidden="true" />
          {words.saveSvg}
        </Button>
        <Button disabled={!ready} onClick={() => void savePng()}>
          <Download size={14} aria-hidden="true" />
          {words.savePng}
        </Button>
        <Button disabled={!ready} onClick={() => ready && void copyText(svg, words.said)}>
          <Copy size={14} aria-hidden="true" />
          {words.copy}
        </Button>
        {ready && <span className="muted">{sizeOf(svg)}</span>}
      </div>
    </div>
  );
}

const SVG = 'image/svg+xml';

function sizeOf(svg: string): string {
  const [, width = '', height = ''] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return words.size(width, height, byteSize(new TextEncoder().encode(svg).length));
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly rows: readonly (readonly [T, string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

function Segments<T extends string>({ label, rows, value, onChange }: SegmentsProps<T>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {rows.map(([id, name]) => (
        <button key={id} type="button" aria-pressed={id === value} onClick={() => onChange(id)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** Undefined while it is drawn, null where there is nothing to draw, false where that failed. */
function useFigure(of: FigureOf, theme: FigureTheme): string | null | false | undefined {
  const objects = useApp((state) => state.objects);
  const lookup = useApp(stagedLookup);
  const step = useApp((state) => state.playback.step);
  const [made, setMade] = useState<{ readonly key: string; readonly svg: string | null | false }>();
  const key = `${of} ${theme}`;
  useEffect(() => {
    let current = true;
    void [objects, lookup, step];
    drawn(of, theme).then(
      (svg) => current && setMade({ key, svg }),
      () => current && setMade({ key, svg: false }),
    );
    return () => {
      current = false;
    };
  }, [of, theme, key, objects, lookup, step]);
  return made?.key === key ? made.svg : undefined;
}

function Preview({ svg, of }: { readonly svg: string | null | false | undefined; readonly of: FigureOf }) {
  return (
    <div className="figure-preview">
      {typeof svg === 'string' ? (
        <img key={svg} ref={(image) => show(image, svg)} alt={words.preview} />
      ) : (
        <p className={svg === false ? 'error-text' : 'muted'} role="status">
          {svg === undefined ? words.drawing : svg === false ? words.failed : nothing(of)}
        </p>
      )}
    </div>
  );
}

const nothing = (of: FigureOf): string => (of === 'walk' ? words.noWalk : words.noCanvas);

/** A picture has an address as long as it is shown; as one, nothing in it can run. */
function show(image: HTMLImageElement | null, svg: string): (() => void) | undefined {
  if (image === null) return undefined;
  const url = URL.createObjectURL(new Blob([svg], { type: SVG }));
  image.src = url;
  return () => URL.revokeObjectURL(url);
}
