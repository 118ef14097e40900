import type { ReactNode } from 'react';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { useHand } from './hand';
import { Wire } from './edges/Wire';
import * as says from '../words/canvas/hand';

/** What is in the hand, drawn above everything: a wire, something new, a box. */
export function HandLayer(): ReactNode {
  return (
    <>
      <Wire />
      <Piece />
      <Box />
    </>
  );
}

/** Something that is not there yet, and what becomes of it here. */
function Piece(): ReactNode {
  const ghost = useHand((s) => s.ghost);
  const at = useHand((s) => s.at);
  const touch = useHand((s) => s.touch);
  const aimId = useCanvasUi((s) => s.aimId);
  const target = useApp((s) => s.connecting?.targets.find((t) => t.targetId === aimId));
  if (ghost === null) return null;
  const verdict = target === undefined ? ghost.hint : target.ok ? null : (target.why ?? target.errno);
  return (
    <div
      className="ghost"
      data-touch={touch || undefined}
      data-ok={target === undefined ? undefined : target.ok}
      style={{ transform: `translate(${at.x}px, ${at.y}px)`, ['--k' as string]: ghost.hue }}
      aria-hidden
    >
      <b>{ghost.label}</b>
      {verdict !== null && verdict !== '' && <span>{verdict}</span>}
    </div>
  );
}

function Box(): ReactNode {
  const box = useHand((s) => s.box);
  if (box === null) return null;
  return (
    <div
      className="select-box"
      style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
      aria-hidden
    />
  );
}

/** How many are selected, while there are several: what the next command is about. */
export function MarkedCount(): ReactNode {
  const count = useApp((s) => s.marked.length);
  const { select } = useApp((s) => s.actions);
  if (count < 2) return null;
  return (
    <div className="marked-count">
      <b>{says.selected(count)}</b>
      <button type="button" tabIndex={-1} onClick={() => select(null)}>
        {says.clear}
      </button>
    </div>
  );
}
