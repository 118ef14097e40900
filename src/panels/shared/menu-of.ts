import type { MouseEvent, PointerEvent } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';

/** A finger that rests this long asks for the menu, where the system does not ask itself. */
const HOLD_MS = 550;
const SLID = 8;

let timer: ReturnType<typeof setTimeout> | undefined;
let from = { x: 0, y: 0 };

/** Right click, the menu key, Shift F10, or a finger that rests: the menu of an object, on whatever names it. */
export const menuOf = (id: WorldId) => ({
  onContextMenu: (event: MouseEvent): void => openMenu(event, id, event.currentTarget),
  onPointerDown(event: PointerEvent): void {
    if (event.pointerType !== 'touch') return;
    from = { x: event.clientX, y: event.clientY };
    clearTimeout(timer);
    timer = setTimeout(() => open(from, id), HOLD_MS);
  },
  onPointerMove(event: PointerEvent): void {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLID) clearTimeout(timer);
  },
  onPointerUp: (): void => clearTimeout(timer),
  onPointerCancel: (): void => clearTimeout(timer),
});

/** At the pointer; keys and fingers have no place of their own: below what it is about. */
export function openMenu(event: MouseEvent, id: WorldId, about: Element): void {
  event.preventDefault();
  event.stopPropagation();
  clearTimeout(timer);
  const box = about.getBoundingClientRect();
  open(event.button === 2 ? { x: event.clientX, y: event.clientY } : { x: box.left + 8, y: box.bottom }, id);
}

const open = (at: { readonly x: number; readonly y: number }, id: WorldId): void =>
  useApp.getState().actions.openContextMenu(at, [id]);
