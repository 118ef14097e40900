import { useViewport } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { shortBdf, titleOf } from './format';
import { useHand } from './hand';
import { overlaps, type Rect } from './layout/geometry';
import type { Objects } from './layout/tree';
import { paletteKit } from './palette/load';
import * as says from '../words/canvas/hand';

/** While connecting: what may be done at all, and the verdict on the place aimed at. */
export function ConnectHint({ rects }: { readonly rects: ReadonlyMap<WorldId, Rect> }) {
  const connecting = useApp((s) => s.connecting);
  const aimId = useCanvasUi((s) => s.aimId);
  const byKeyboard = useCanvasUi((s) => s.byKeyboard);
  // What is new says itself what becomes of it, under the pointer.
  const hasGhost = useHand((s) => s.ghost !== null);
  if (!connecting) return null;
  const rect = aimId === null ? undefined : rects.get(aimId);
  return (
    <>
      <Banner deviceId={connecting.deviceId} byKeyboard={byKeyboard} />
      {aimId !== null && rect && !hasGhost && <Verdict targetId={aimId} rect={rect} rects={rects} />}
    </>
  );
}

function Banner({ deviceId, byKeyboard }: { readonly deviceId: WorldId; readonly byKeyboard: boolean }) {
  const objects = useApp((s) => s.objects);
  const what = whatOf(objects, deviceId);
  const total = useApp((s) => s.connecting?.targets.length ?? 0);
  const legal = useApp((s) => s.connecting?.targets.filter((t) => t.ok).length ?? 0);
  return (
    <div className="banner">
      <b>{what.title}</b>
      <span>
        {byKeyboard ? says.arrowsChooseEnterDoesIt : what.where}
        {total > 0 && says.ofAllowed(legal, total)}
      </span>
      {byKeyboard && <kbd>Esc</kbd>}
    </div>
  );
}

/** What is in the hand, and where it may go. */
function whatOf(objects: Objects, id: WorldId): { readonly title: string; readonly where: string } {
  const source = objects[id];
  const piece = paletteKit()?.pieceOf(id);
  if (piece != null) return { title: says.newIt(piece.label), where: piece.hint };
  if (source?.type === 'process') return { title: says.mapMemoryOf(source.title), where: says.intoAnIoas };
  if (source?.type === 'access') return { title: says.move(titleOf(source)), where: says.toAnotherIoas };
  const name = source?.type === 'device' ? shortBdf(source.bdf) : id;
  return { title: says.attach(name), where: says.toAnIoasOrHwpt };
}

interface VerdictProps {
  readonly targetId: WorldId;
  readonly rect: Rect;
  readonly rects: ReadonlyMap<WorldId, Rect>;
}

function Verdict({ targetId, rect, rects }: VerdictProps) {
  const { x, y, zoom } = useViewport();
  const target = useApp((s) => s.connecting?.targets.find((t) => t.targetId === targetId));
  const culprit = useApp((s) => (target?.culprit == null ? undefined : s.objects[target.culprit]));
  if (!target) return null;
  // Under the card, unless that hides another one that might be aimed at next.
  const room = { width: 280 / zoom, height: 90 / zoom };
  const covers = (top: number): boolean =>
    [...rects].some(([id, r]) => !isFrame(id) && overlaps({ x: rect.x, y: top, ...room }, r));
  const above = covers(rect.y + rect.height + 10 / zoom) && !covers(rect.y - 10 / zoom - room.height);
  const top = above ? rect.y * zoom + y - 10 : (rect.y + rect.height) * zoom + y + 10;
  // At the card's edge, as far as it stays in view whole.
  const left = `clamp(8px, ${rect.x * zoom + x}px, calc(100% - 288px))`;
  return (
    <div className="verdict" data-ok={target.ok} data-above={above} style={{ left, top }}>
      {target.ok ? (
        <span>
          <b>✓ {target.action === 'make' ? says.makeItHere : target.action}</b>
        </span>
      ) : (
        <>
          <span>
            {target.lines.length > 0 && <code>{target.errno ?? says.refused}</code>} {target.why}
          </span>
          {culprit && <small>{says.inTheWay(titleOf(culprit))}</small>}
        </>
      )}
    </div>
  );
}

const isFrame = (id: WorldId): boolean => id.startsWith('group:');
