import { useEffect, useRef, useState } from 'react';
import { canvasFigure, canvasSize, type FigureSize } from '../figure';
import type { Objects } from '../store/object-words';
import { REPORT as words, REPORT_VIEW } from '../words/report';
import { pageFor, ROOM } from './page-for';
import { TopologyTree } from './TopologyTree';

interface PictureProps {
  readonly objects: Objects;
  readonly title: string;
  /** The hash of the link, which the picture carries. */
  readonly scene: string;
  readonly onDrawn: () => void;
}

/** The canvas as a drawing; or, where nobody could read that on a page, the tree of buses. */
export function Picture({ objects, title, scene, onDrawn }: PictureProps) {
  const [size] = useState(() => canvasSize(objects));
  const page = size && pageFor(size);
  useEffect(() => {
    if (page === null) onDrawn();
  }, [page, onDrawn]);
  if (size === null) return null;
  if (page === null)
    return (
      <>
        <p className="rp-quiet">{words.asTree}</p>
        <TopologyTree objects={objects} />
      </>
    );
  return <Drawing size={size} page={page} title={title} scene={scene} onDrawn={onDrawn} />;
}

interface DrawingProps extends Omit<PictureProps, 'objects'> {
  readonly size: FigureSize;
  readonly page: 'upright' | 'across';
}

function Drawing({ size: { width, height }, page, title, scene, onDrawn }: DrawingProps) {
  const place = useRef<HTMLElement>(null);
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    let current = true;
    const show = (svg: string | null): void => {
      if (!current) return;
      if (svg !== null) place.current?.replaceChildren(parsed(svg, words.pictureOf(title)));
      setDrawn(true);
      onDrawn();
    };
    canvasFigure({ theme: 'light', title, scene }).then(show, () => show(null));
    return () => {
      current = false;
    };
  }, [title, scene, onDrawn]);
  const room = ROOM[page];
  const scale = Math.min(1, room.width / width, room.height / height);
  return (
    <>
      {!drawn && <p className="rp-quiet">{REPORT_VIEW.drawing}</p>}
      <figure
        ref={place}
        className="rp-picture"
        data-page={page}
        style={{ ['--printed' as string]: `${String(Math.floor(width * scale))}px` }}
      />
    </>
  );
}

/** A figure of ours as elements of this document, as wide as its place. */
function parsed(svg: string, label: string): Node {
  const { documentElement: root } = new DOMParser().parseFromString(svg, 'image/svg+xml');
  const drawing = document.importNode(root, true);
  for (const each of drawing.querySelectorAll(':scope > title, :scope > desc')) each.remove();
  drawing.removeAttribute('aria-labelledby');
  drawing.setAttribute('aria-label', label);
  return drawing;
}
