import type { WorldId } from '../../engine/sim/world';
import type { Objects } from '../layout/tree';
import type { Card } from './cards';

/** What is out of the ordinary, the worst first: as chips of a device's card say it. */
export type Wrong = 'fault' | 'blocked' | 'stale';

export interface Marks {
  /** It does DMA all the time. */
  readonly traffic: boolean;
  readonly wrong: Wrong | null;
}

/** Devices that have any. */
export function marksOf(objects: Objects): ReadonlyMap<WorldId, Marks> {
  const marks = new Map<WorldId, Marks>();
  const mark = (id: WorldId, { traffic = false, wrong = null }: Partial<Marks>): void => {
    const before = marks.get(id);
    marks.set(id, {
      traffic: traffic || before?.traffic === true,
      wrong: worse(before?.wrong ?? null, wrong),
    });
  };
  for (const id in objects) {
    const object = objects[id];
    if (object?.type === 'traffic')
      mark(object.deviceId, { traffic: true, wrong: object.blocked > 0 ? 'fault' : null });
    else if (object?.type === 'group' && object.hwptId === null && object.domain.type === 'blocked')
      for (const deviceId of object.deviceIds) mark(deviceId, { wrong: 'blocked' });
    else if (object?.type === 'device' && object.deviceTlb.some(({ stale }) => stale))
      mark(id, { wrong: 'stale' });
  }
  return marks;
}

const ORDER: readonly (Wrong | null)[] = ['fault', 'blocked', 'stale', null];
const worse = (a: Wrong | null, b: Wrong | null): Wrong | null =>
  ORDER.indexOf(a) <= ORDER.indexOf(b) ? a : b;

/** On the screen, whatever the zoom; on a card no larger than it has room for. */
const RADIUS = 5;
const LEAST = 2.5;

/** At a card's right end: a shape each, so that colour alone says nothing. */
export function paintMarks(card: Card, { traffic, wrong }: Marks): void {
  const { ctx, rect, zoom, detail, paint } = card;
  const room = detail === 'map' ? rect.height * 0.3 : RADIUS;
  const r = Math.max(LEAST / zoom, Math.min(RADIUS / zoom, room));
  const y = detail === 'map' ? rect.y + rect.height / 2 : rect.y + 18;
  let x = rect.x + rect.width - r - Math.max(6, 2 / zoom);
  ctx.lineWidth = r * 0.4;
  ctx.setLineDash([]);
  if (wrong !== null) {
    paintWrong(card, wrong, x, y, r);
    x -= 2.8 * r;
  }
  if (!traffic) return;
  ctx.strokeStyle = paint.ink;
  ctx.beginPath();
  for (const side of [-1, 1]) {
    const at = y + side * r * 0.45;
    ctx.moveTo(x - r, at);
    ctx.lineTo(x + r, at);
    ctx.lineTo(x + side * r * 0.4, at + side * r * 0.5);
    ctx.moveTo(x + r, at);
  }
  ctx.stroke();
}

function paintWrong({ ctx, paint }: Card, wrong: Wrong, x: number, y: number, r: number): void {
  ctx.beginPath();
  if (wrong === 'stale') {
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y + r * 0.8);
    ctx.lineTo(x - r, y + r * 0.8);
    ctx.closePath();
    ctx.fillStyle = paint.stale;
    ctx.fill();
    return;
  }
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fillStyle = wrong === 'fault' ? paint.fault : paint.surface;
  ctx.fill();
  ctx.strokeStyle = wrong === 'fault' ? paint.surface : paint.stale;
  if (wrong === 'blocked') ctx.stroke();
  const arm = r * 0.5;
  ctx.beginPath();
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  if (wrong === 'fault') {
    ctx.moveTo(x - arm, y + arm);
    ctx.lineTo(x + arm, y - arm);
  }
  ctx.stroke();
}
