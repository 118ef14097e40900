import { useEffect, type RefObject } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { linkOf } from './links';

const LINK = /^(2:)?(\d)$/;

/**
 * An index field, its column, its step and its rung on the canvas belong together: pointing at one, or going there by
 * keyboard, lights the others. Lighting is an attribute of the place around them; nothing is rendered anew.
 */
export function useLinks(
  place: RefObject<HTMLElement | null>,
  hwptId: WorldId | null,
  /** The one below it, whose tables are the second stage. */
  hostId: WorldId | null,
): void {
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { lightLevel } = useApp.getState().actions;
    const point = (event: Event): void => {
      const target = event.target instanceof Element ? event.target.closest('[data-link]') : null;
      const [, second, level] = LINK.exec(target?.getAttribute('data-link') ?? '') ?? [];
      const { litLevel } = useApp.getState();
      if (level === undefined) {
        if (litLevel !== null) lightLevel(null);
        return;
      }
      const stage = second === undefined ? 1 : 2;
      const next = { hwptId: stage === 2 ? hostId : hwptId, level: Number(level), stage } as const;
      if (litLevel?.level !== next.level || litLevel.stage !== next.stage) lightLevel(next);
    };
    const leave = (): void => lightLevel(null);
    element.addEventListener('pointerover', point);
    element.addEventListener('focusin', point);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('focusout', leave);
    /** The canvas does not know which stage a table is here. */
    const stageOf = (id: WorldId | null): 1 | 2 | null =>
      id === hwptId ? 1 : id !== null && id === hostId ? 2 : null;
    const show = ({ litLevel }: ReturnType<typeof useApp.getState>): void => {
      const stage = litLevel === null ? null : stageOf(litLevel.hwptId);
      element.setAttribute(
        'data-lit',
        litLevel === null || stage === null ? '' : linkOf(litLevel.level, stage),
      );
    };
    show(useApp.getState());
    const stop = useApp.subscribe(show);
    return () => {
      stop();
      leave();
      element.removeEventListener('pointerover', point);
      element.removeEventListener('focusin', point);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('focusout', leave);
    };
  }, [place, hwptId, hostId]);
}
