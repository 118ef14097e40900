import { BoxSelect, Plus } from 'lucide-react';
import { memo, useEffect, useRef, type KeyboardEvent } from 'react';
import { useApp } from '../../store/index';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { useCanvasUi } from '../canvas-ui';
import { makeByHand } from './make';
import { PIECES, type Piece } from './pieces';
import './palette.css';
import * as says from '../../words/canvas/palette-buttons';

/**
 * What can be made: dragged onto the canvas, or made by a press. It has no tab stop of its own: N on the canvas goes to it,
 * arrows go through it, Escape goes back. What happens on the canvas is not its business.
 */
export const Palette = memo(function Palette() {
  const open = useCanvasUi((s) => s.paletteOpen);
  const boxing = useCanvasUi((s) => s.boxing);
  const asked = useCanvasUi((s) => s.paletteAsked);
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asked > 0) bar.current?.querySelector<HTMLElement>('[data-piece]')?.focus();
  }, [asked]);
  return (
    <div
      ref={bar}
      className="pieces"
      role="toolbar"
      aria-label={says.makeSomethingNew}
      data-open={open || undefined}
      onKeyDown={onKeyDown}
    >
      <button
        type="button"
        tabIndex={-1}
        className="pieces-more"
        aria-label={says.newIt}
        aria-expanded={open}
        data-tip={says.newTip}
        onClick={() => useCanvasUi.setState({ paletteOpen: !open })}
      >
        <Plus size={16} aria-hidden="true" />
      </button>
      <div className="pieces-all">
        {PIECES.map((piece) => (
          <PieceButton key={piece.id} piece={piece} />
        ))}
      </div>
      <button
        type="button"
        tabIndex={-1}
        className="pieces-box"
        aria-label={says.selectWithABox}
        aria-pressed={boxing}
        data-tip={says.boxTip}
        onClick={() => useCanvasUi.setState({ boxing: !boxing })}
      >
        <BoxSelect size={15} aria-hidden="true" />
      </button>
    </div>
  );
});

function PieceButton({ piece }: { readonly piece: Piece }) {
  const available = useApp((s) => piece.available?.(s) ?? true);
  if (!available) return null;
  return (
    <button
      type="button"
      tabIndex={-1}
      data-piece={piece.id}
      aria-label={says.newOf(piece.label)}
      data-tip={`${piece.label}: ${piece.verb} · ${piece.hint}`}
      onClick={(event) => {
        useCanvasUi.setState({ paletteOpen: false });
        document.querySelector<HTMLElement>('.canvas')?.focus({ preventScroll: true });
        void makeByHand(piece, event.detail === 0);
      }}
    >
      <ObjectGlyph kind={piece.kind} />
      {piece.short !== undefined && <small>{piece.short}</small>}
      <span>{piece.label}</span>
    </button>
  );
}

function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('button')].filter(
    (button) => button.offsetParent !== null,
  );
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: -1 }[
    event.key
  ];
  if (to !== undefined) buttons.at(to % buttons.length)?.focus();
  else if (event.key === 'Escape') {
    useCanvasUi.setState({ paletteOpen: false });
    document.querySelector<HTMLElement>('.canvas')?.focus({ preventScroll: true });
  } else return;
  event.preventDefault();
  event.stopPropagation();
}
