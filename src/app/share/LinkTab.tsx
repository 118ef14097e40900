import { Copy, Download } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useCanvasUi } from '../../canvas/canvas-ui';
import { EASY_LENGTH, linkAdvice } from '../../share/advice';
import { isFile, linkBase, linkTo, linkToAddress, linkToGallery } from '../../share/links';
import type { Scene } from '../../share/scene';
import { useApp } from '../../store';
import { titleOf } from '../../store/object-words';
import { linesOf } from '../../store/script';
import { Button } from '../../ui/Button';
import { useLink } from '../link-store';
import { sceneNow } from '../link-scene';
import { copyText } from './copy';
import { copyScene, saveScript } from './copy-scene';
import { FORMATS, LINK_TAB as words, type Format } from '../../words/app/share';

/** The link with everything in it, how long it is, what goes along, and how other documents spell it. */
export function LinkTab() {
  const [left, setLeft] = useState<ReadonlySet<Part>>(new Set());
  const scene = useScene();
  const link = useMemo(() => linkTo(without(scene, left), linkBase()), [scene, left]);
  const copy = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Who came by the tabs stays on them.
    if (document.activeElement?.getAttribute('role') !== 'tab') copy.current?.focus();
  }, []);
  return (
    <div className="link-tab">
      <div className="link-row">
        <input
          className="input mono link-field"
          aria-label={words.link}
          readOnly
          value={link}
          onFocus={(event) => event.target.select()}
        />
        <Button ref={copy} look="primary" onClick={() => void copyScene('link', link)}>
          <Copy size={14} aria-hidden="true" />
          {words.copy}
        </Button>
      </div>
      {isFile() && <p className="muted">{words.ofFile}</p>}
      <SizeMeter length={link.length} />
      <Carries scene={scene} left={left} onChange={setLeft} />
      <section className="share-section" aria-labelledby="copy-as">
        <h3 id="copy-as">{words.copyAs}</h3>
        <div className="share-buttons">
          {(Object.keys(FORMATS) as readonly Format[])
            .filter((format) => format !== 'link')
            .map((format) => (
              <Button key={format} onClick={() => void copyScene(format, link)}>
                {FORMATS[format].label}
              </Button>
            ))}
          <Button onClick={saveScript}>
            <Download size={14} aria-hidden="true" />
            {words.saveFile}
          </Button>
        </div>
      </section>
      <Shorter scene={scene} />
      {linkAdvice(link.length).level !== 'fine' && (
        <section className="share-section" aria-labelledby="other-ways">
          <h3 id="other-ways">{words.tooLong}</h3>
          <ul className="share-ways">
            {words.ways.map((way) => (
              <li key={way}>{way}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

/** What is on the page; anew when that changes. */
function useScene(): Scene {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const selection = useApp((state) => state.selection);
  const engine = useApp((state) => state.engine);
  const camera = useCanvasUi((state) => state.held);
  return useMemo(() => {
    void [script, cursor, selection, engine, camera];
    return sceneNow();
  }, [script, cursor, selection, engine, camera]);
}

/** What a scene can be sent without. */
type Part = 'cursor' | 'selection' | 'camera';

function without(scene: Scene, left: ReadonlySet<Part>): Scene {
  const { state, ...rest } = scene;
  return {
    ...rest,
    // Of another moment nobody knows what the lines came to.
    ...(left.has('cursor') && scene.cursor !== null
      ? { cursor: null }
      : state === undefined
        ? {}
        : { state }),
    ...(left.has('selection') ? { selection: null } : {}),
    ...(left.has('camera') ? { camera: null } : {}),
  };
}

/** A bar with a mark where some programs begin to cut. */
function SizeMeter({ length }: { readonly length: number }) {
  const advice = linkAdvice(length);
  const most = EASY_LENGTH * 1.25;
  return (
    <div className="size-meter" data-level={advice.level}>
      <div
        className="size-bar"
        role="meter"
        aria-label={words.meter}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuenow={Math.min(length, most)}
        aria-valuetext={advice.text}
      >
        <span style={{ inlineSize: `${Math.min(100, (100 * length) / most)}%` }} />
        <i aria-hidden="true" />
      </div>
      <p>{advice.level === 'fine' ? `${advice.text}: ${words.fits}` : advice.text}</p>
    </div>
  );
}

interface CarriesProps {
  readonly scene: Scene;
  readonly left: ReadonlySet<Part>;
  readonly onChange: (left: ReadonlySet<Part>) => void;
}

function Carries({ scene, left, onChange }: CarriesProps) {
  const id = useId();
  const objects = useApp((state) => state.objects);
  const selected = scene.selection === null ? undefined : objects[scene.selection];
  const parts: readonly (readonly [Part, string])[] = [
    ...(scene.cursor === null
      ? []
      : [['cursor', words.moment(scene.cursor, linesOf(scene.script).length)] as const]),
    ...(selected === undefined ? [] : [['selection', words.selection(titleOf(selected))] as const]),
    ...(scene.camera === null ? [] : [['camera', words.camera] as const]),
  ];
  if (parts.length === 0) return null;
  const toggle = (part: Part): void => {
    const next = new Set(left);
    if (!next.delete(part)) next.add(part);
    onChange(next);
  };
  return (
    <fieldset className="share-section" aria-labelledby={id}>
      <h3 id={id}>{words.carries}</h3>
      {parts.map(([part, label]) => (
        <label key={part} className="share-check">
          <input type="checkbox" checked={!left.has(part)} onChange={() => toggle(part)} />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

/** The same script has a name elsewhere. */
function Shorter({ scene }: { readonly scene: Scene }) {
  const source = useLink((state) => state.source);
  const galleryId = useGalleryId(scene.script);
  const short =
    galleryId !== null
      ? { why: words.gallery, link: linkToGallery(galleryId, linkBase()) }
      : source !== null
        ? { why: words.source(source.host), link: linkToAddress(source.address, linkBase()) }
        : null;
  if (short === null) return null;
  return (
    <section className="share-section" aria-labelledby="shorter">
      <h3 id="shorter">{words.shorter}</h3>
      <p className="muted">{short.why}</p>
      <div className="link-row">
        <input
          className="input mono link-field"
          aria-labelledby="shorter"
          readOnly
          value={short.link}
          onFocus={(event) => event.target.select()}
        />
        <Button onClick={() => void copyText(short.link, FORMATS.link.said)}>{words.copyShort}</Button>
      </div>
    </section>
  );
}

function useGalleryId(script: string): string | null {
  const [found, setFound] = useState<{ readonly script: string; readonly id: string | null } | null>(null);
  useEffect(() => {
    let current = true;
    void import('../link-gallery')
      .then(({ galleryIdOf }) => galleryIdOf(script))
      .then((id) => {
        if (current) setFound({ script, id });
      });
    return () => {
      current = false;
    };
  }, [script]);
  return found?.script === script ? found.id : null;
}
