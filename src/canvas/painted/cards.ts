import type { DeviceObject, GroupObject } from '../../engine/sim/world';
import {
  acsText,
  deviceDetail,
  deviceTitle,
  domainText,
  firmAndDevice,
  ownerText,
  shortBdf,
} from '../format';
import type { Rect } from '../layout/geometry';
import { TYPE } from '../layout/sizes';
import type { Objects } from '../layout/tree';
import { paintGlyph } from './glyph';
import type { Detail } from './detail';
import type { Paint } from './theme';
import * as says from '../../words/canvas/painted';

/** The place of one card on the bitmap. Sizes are those of the styles, so that nothing jumps. */
export interface Card {
  readonly ctx: CanvasRenderingContext2D;
  readonly rect: Rect;
  readonly detail: Detail;
  readonly zoom: number;
  readonly paint: Paint;
}

const RADIUS = 6;
const PAD = 10;
const BAR = 3;

/** A frame: of one device it says nothing from afar, of several it is what stands out. */
export function paintFrame(card: Card, objects: Objects, group: GroupObject, around: boolean): void {
  const { ctx, rect, detail, zoom, paint } = card;
  const several = group.deviceIds.length > 1;
  if (detail === 'map') {
    if (!several && !around) return;
    ctx.beginPath();
    ctx.roundRect(rect.x, rect.y, rect.width, rect.height, 12);
    ctx.fillStyle = paint.shared;
    ctx.fill();
    ctx.lineWidth = 1.25 / zoom;
    ctx.strokeStyle = paint.ink2;
    ctx.stroke();
    return;
  }
  ctx.beginPath();
  ctx.roundRect(rect.x + 0.75, rect.y + 0.75, rect.width - 1.5, rect.height - 1.5, 12);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = around ? paint.ink2 : paint.strong;
  ctx.setLineDash([3, 2.2]);
  ctx.stroke();
  ctx.setLineDash([]);
  const { text } = TYPE[detail];
  const mark = detail === 'near' ? 15 : 18;
  const [left, right] = [rect.x + 14.5, rect.x + rect.width - 16];
  ctx.fillStyle = paint.bg;
  ctx.fillRect(left - 6, rect.y - mark / 2, mark + 12, mark);
  paintGlyph(ctx, 'group', { x: left, y: rect.y, size: mark }, paint.marks.group);
  const number = { text: says.group(group.number), font: `600 ${text}px ${paint.font}`, colour: paint.ink };
  const used = onEdge(card, number, left + mark + 5);
  const isHeld = group.hwptId !== null;
  const domain = {
    text: domainText(objects, group),
    font: `500 ${text}px ${paint.font}`,
    colour: isHeld ? paint.hwpt : group.domain.type === 'blocked' ? paint.stale : paint.ink3,
  };
  ctx.font = domain.font;
  const begin = right - ctx.measureText(domain.text).width;
  // From afar only what is out of the ordinary.
  if (detail !== 'far' || domain.colour !== paint.ink3) onEdge(card, domain, begin);
  if (detail === 'far') return;
  const owner = {
    text: `· ${ownerText(objects, group)}`,
    font: `${text}px ${paint.font}`,
    colour: paint.ink2,
  };
  ctx.font = owner.font;
  const from = left + mark + 5 + used + 3;
  if (from + ctx.measureText(owner.text).width + 12 < begin) onEdge(card, owner, from, 0);
}

/** Words on a frame's edge, which ends before them and goes on behind; returns how wide they are. */
function onEdge(
  { ctx, rect: { y }, paint }: Card,
  { text, font, colour }: { readonly text: string; readonly font: string; readonly colour: string },
  x: number,
  before = 6,
): number {
  ctx.font = font;
  const { width } = ctx.measureText(text);
  ctx.fillStyle = paint.bg;
  ctx.fillRect(x - before, y - 6, before + width + 6, 12);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
  return width;
}

/** A device on the map: a block in the hue of its class, a bridge in none; with its letter while that can be read. */
export function paintBlock({ ctx, rect, zoom, paint }: Card, device: DeviceObject): void {
  const { x, y, width, height } = rect;
  const { hue, tint } = device.isBridge ? paint.trunk : paint.classes[classOf(device.classCode)];
  ctx.fillStyle = tint;
  ctx.fillRect(x, y, width, height);
  ctx.fillStyle = hue;
  ctx.fillRect(x, y, Math.max(BAR, 2 / zoom), height);
  if (zoom < LETTERS) return;
  const kind = device.isBridge ? 'bridge' : 'device';
  const size = Math.min(height - 8, 11 / zoom);
  paintGlyph(ctx, kind, { x: x + 14, y: y + height / 2, size }, { hue: paint.ink2, tint: paint.surface });
  if (device.isBridge) return;
  // Words that cannot be read are a line of their length.
  const from = x + 26 + size;
  const room = x + width - 14 - from;
  ctx.fillStyle = hue;
  ctx.globalAlpha *= 0.45;
  ctx.fillRect(from, y + 19, Math.min(room, deviceTitle(device).length * 6), 7);
  ctx.fillRect(from, y + 39, Math.min(room, 70), 6);
  ctx.globalAlpha /= 0.45;
}
/** Below this zoom letters and lines are dust. */
const LETTERS = 0.2;

export type ClassMark = 'storage' | 'network' | 'display' | 'other';

/** Spec: PCI Code and ID Assignment, 1 "Class Codes"; 0x12 computes, as most 3D controllers do. */
export function classOf(classCode: number): ClassMark {
  switch (classCode >>> 16) {
    case 0x01:
      return 'storage';
    case 0x02:
    case 0x0d:
      return 'network';
    case 0x03:
    case 0x12:
      return 'display';
    default:
      return 'other';
  }
}

function box({ ctx, rect, paint }: Card, fill: string, line: string, bar: string): void {
  const { x, y, width, height } = rect;
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, RADIUS);
  ctx.fillStyle = bar;
  ctx.fill();
  ctx.beginPath();
  ctx.roundRect(x + BAR, y + 0.5, width - BAR - 0.5, height - 1, [3, RADIUS, RADIUS, 3]);
  ctx.fillStyle = paint.surface;
  ctx.fill();
  if (fill !== paint.surface) {
    ctx.fillStyle = fill;
    ctx.fill();
  }
  ctx.lineWidth = 1;
  ctx.strokeStyle = line;
  ctx.stroke();
}

export function paintDevice(card: Card, device: DeviceObject): void {
  const { ctx, rect, detail, paint } = card;
  if (detail === 'map') return paintBlock(card, device);
  box(card, paint.surface, paint.strong, paint.device);
  const { title, text, glyph } = TYPE[detail];
  const give = detail === 'mid' ? 2 : 0;
  const x = rect.x + BAR + PAD;
  const room = rect.width - BAR - 2 * PAD - 1;
  const head = rect.y + (detail === 'far' ? 23 : 18);
  const under = x + glyph + 6;
  paintGlyph(ctx, 'device', { x, y: head, size: glyph }, paint.marks.device);
  const { firm, name } = firmAndDevice(device);
  const full = firm === '' || detail !== 'near' ? name : `${firm} ${name}`;
  write(card, full, under, head, room - glyph - 6, `600 ${title}px ${paint.font}`, paint.ink);
  const second = rect.y + (detail === 'far' ? 51 : 36.5 + give / 2);
  const mono = `500 ${text}px ${paint.mono}`;
  const used = write(card, shortBdf(device.bdf), x, second, room, mono, paint.ink3) + 7;
  if (detail === 'far') return;
  const words = `${text}px ${paint.font}`;
  write(card, deviceDetail(device), x + used, second, room - used, words, paint.ink2);
  const third = rect.y + 58;
  const chip = device.driver?.name;
  if (chip === undefined) {
    write(card, says.noDriver, x, third, room, words, paint.ink3);
    return;
  }
  ctx.font = `500 ${text}px ${paint.font}`;
  const width = Math.min(room, ctx.measureText(chip).width + 10);
  ctx.beginPath();
  ctx.roundRect(x, third - 9, width, 18, 4);
  ctx.fillStyle = paint.sunken;
  ctx.fill();
  write(card, chip, x + 5, third, width - 10, ctx.font, paint.ink2);
}

export function paintBridge(card: Card, device: DeviceObject): void {
  const { ctx, rect, detail, paint } = card;
  if (detail === 'map') return paintBlock(card, device);
  box(card, paint.bridge.tint, paint.line, paint.bridge.hue);
  const { glyph } = TYPE[detail];
  const text = detail === 'far' ? TYPE.mid.title : TYPE[detail].text;
  const y = rect.y + rect.height / 2;
  const bdf = shortBdf(device.bdf);
  ctx.font = `500 ${text}px ${paint.mono}`;
  const end = rect.x + rect.width - PAD;
  const width = ctx.measureText(bdf).width;
  write(card, bdf, end - width, y, width + 1, ctx.font, paint.ink3);
  const x = rect.x + BAR + PAD;
  paintGlyph(ctx, 'bridge', { x, y, size: glyph }, paint.marks.bridge);
  const under = x + glyph + 6;
  const { firm, name } = firmAndDevice(device);
  const room = end - width - 8 - under;
  const title = firm === '' || detail !== 'near' ? name : `${firm} ${name}`;
  const used = write(card, title, under, y, room, `500 ${text}px ${paint.font}`, paint.ink2) + 4;
  if (detail === 'near' && room - used > 24)
    write(card, acsText(device), under + used, y, room - used, `${text}px ${paint.font}`, paint.ink3);
}

/** Returns how wide it came out. */
function write(
  { ctx }: Card,
  text: string,
  x: number,
  y: number,
  room: number,
  font: string,
  colour: string,
): number {
  ctx.font = font;
  ctx.fillStyle = colour;
  const { shown, width } = fitted(ctx, text, room);
  ctx.fillText(shown, x, y);
  return width;
}

interface Fitted {
  readonly shown: string;
  readonly width: number;
}
const known = new Map<string, Fitted>();
/** A machine has fewer words than that; then it begins anew. */
const MOST_KNOWN = 8192;

/** Cut at the card's edge. Measuring takes longer than painting, so each is measured once. */
function fitted(ctx: CanvasRenderingContext2D, text: string, room: number): Fitted {
  const key = `${ctx.font}\n${Math.round(room)}\n${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const whole = ctx.measureText(text).width;
  const shown =
    whole <= room
      ? text
      : `${text.slice(0, Math.max(1, Math.floor((text.length * room) / whole) - 1)).trimEnd()}…`;
  const found = { shown, width: whole <= room ? whole : ctx.measureText(shown).width };
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, found);
  return found;
}
