import { useViewport } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { shortBdf, titleOf } from './format';
import type { Rect } from './layout/geometry';

/** While connecting: what may be done at all, and the verdict on the place aimed at. */
export function ConnectHint({ rects }: { readonly rects: ReadonlyMap<WorldId, Rect> }) {
  const connecting = useApp((s) => s.connecting);
  const aimId = useCanvasUi((s) => s.aimId);
  const byKeyboard = useCanvasUi((s) => s.byKeyboard);
  if (!connecting) return null;
  const rect = aimId === null ? undefined : rects.get(aimId);
  return (
    <>
      <Banner deviceId={connecting.deviceId} byKeyboard={byKeyboard} />
      {aimId !== null && rect && <Verdict targetId={aimId} rect={rect} />}
    </>
  );
}

function Banner({ deviceId, byKeyboard }: { readonly deviceId: WorldId; readonly byKeyboard: boolean }) {
  const device = useApp((s) => s.objects[deviceId]);
  const total = useApp((s) => s.connecting?.targets.length ?? 0);
  const legal = useApp((s) => s.connecting?.targets.filter((t) => t.ok).length ?? 0);
  return (
    <div className="banner">
      <b>Attach {device?.type === 'device' ? shortBdf(device.bdf) : deviceId}</b>
      <span>
        {byKeyboard ? 'arrows choose, Enter attaches' : 'to an IOAS or HWPT'}
        {total > 0 && ` · ${legal} of ${total} allowed`}
      </span>
      {byKeyboard && <kbd>Esc</kbd>}
    </div>
  );
}

function Verdict({ targetId, rect }: { readonly targetId: WorldId; readonly rect: Rect }) {
  const { x, y, zoom } = useViewport();
  const target = useApp((s) => s.connecting?.targets.find((t) => t.targetId === targetId));
  const culprit = useApp((s) => (target?.culprit == null ? undefined : s.objects[target.culprit]));
  if (!target) return null;
  return (
    <div
      className="verdict"
      data-ok={target.ok}
      style={{ left: rect.x * zoom + x, top: (rect.y + rect.height) * zoom + y + 10 }}
    >
      {target.ok ? (
        <span>
          <b>✓ {target.action}</b>
        </span>
      ) : (
        <>
          <span>
            <code>{target.errno ?? 'refused'}</code> {target.why}
          </span>
          {culprit && <small>in the way: {titleOf(culprit)}</small>}
        </>
      )}
    </div>
  );
}
