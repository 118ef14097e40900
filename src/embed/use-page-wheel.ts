import { useEffect, useState, type RefObject } from 'react';

/** What a hand tried that is the page's: how it is done here. */
export type Hint = 'wheel' | 'finger' | null;

const HINT_MS = 1600;

/**
 * The wheel and one finger are the host page's: they scroll it. With Ctrl or Cmd the wheel zooms, two fingers move the
 * picture. Whoever tries the plain way is told.
 */
export function usePageWheel(stage: RefObject<HTMLElement | null>, on: boolean): Hint {
  const [hint, setHint] = useState<Hint>(null);
  useEffect(() => {
    const element = stage.current;
    if (element === null || !on) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (next: Hint): void => {
      clearTimeout(timer);
      setHint(next);
      timer = setTimeout(() => setHint(null), HINT_MS);
    };
    const onWheel = (event: WheelEvent): void => {
      // What scrolls by itself within the embed needs no hint.
      if (!(event.target instanceof Element) || event.target.closest('.canvas') === null) return;
      if (event.metaKey && !event.ctrlKey) {
        // React Flow zooms by Ctrl, which is also what a pinch on a touchpad is.
        event.preventDefault();
        event.stopPropagation();
        event.target.dispatchEvent(new WheelEvent('wheel', { ...copied(event), ctrlKey: true }));
      } else if (!event.ctrlKey && event.deltaY !== 0) tell('wheel');
    };
    const onTouch = (event: TouchEvent): void => {
      if (event.touches.length > 1) return setHint(null);
      if (!(event.target instanceof Element) || event.target.closest('.react-flow') === null) return;
      event.stopPropagation();
      if (event.type === 'touchmove') tell('finger');
    };
    element.addEventListener('wheel', onWheel, { capture: true, passive: false });
    element.addEventListener('touchstart', onTouch, { capture: true, passive: true });
    element.addEventListener('touchmove', onTouch, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('wheel', onWheel, { capture: true });
      element.removeEventListener('touchstart', onTouch, { capture: true });
      element.removeEventListener('touchmove', onTouch, { capture: true });
    };
  }, [stage, on]);
  return hint;
}

const copied = ({ deltaX, deltaY, deltaMode, clientX, clientY }: WheelEvent): WheelEventInit => ({
  deltaX,
  deltaY,
  deltaMode,
  clientX,
  clientY,
  bubbles: true,
  cancelable: true,
});
