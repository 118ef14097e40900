import { useEffect, useRef, type RefObject } from 'react';
import { useStoreApi } from 'reactflow';
import { useCanvasUi } from './canvas-ui';
import { emptyHand, useHand } from './hand';
import type { Point } from './layout/geometry';

/** Something that a pointer does from its first move until it is let go. Points are those of the window. */
export interface Gesture {
  /**
   * When it begins: `move`: as soon as the pointer has moved a little. `press`: for a finger only after it has rested, so
   * that one that moves at once goes on to what it always does; a mouse begins it as `move`.
   */
  readonly starts: 'move' | 'press';
  readonly begin: (at: Point) => void;
  /** At most once a frame. */
  readonly move: (at: Point) => void;
  readonly drop: (at: Point) => void;
  readonly cancel: () => void;
  /** It was let go before it began. */
  readonly tap?: () => void;
  /** A finger that rested longer, and has not moved since. True: that was it. */
  readonly hold?: (at: Point) => boolean;
}

/** What a press would do there; null: nothing of ours. */
export type GestureAt = (event: PointerEvent) => Gesture | null;

/** Less than this is a click with an unsteady hand. */
const MOVED = 4;
/** Fingers are less steady. */
const SLID = 8;
/** A finger that rests this long on a card lifts it. */
const PRESS_MS = 220;
const HOLD_MS = 560;
/** Within so many pixels of its border the canvas follows the hand, so many a frame. */
const BORDER = 24;
const FOLLOW = 9;

/**
 * One way for mouse, pen and finger: a press finds its gesture, which has the pointer until it is let go. What finds none
 * is React Flow's, which pans and zooms.
 */
export function usePointer(
  root: RefObject<HTMLElement | null>,
  gestureAt: GestureAt,
  /** Without anything to draw there is no canvas yet. */
  there: boolean,
): void {
  const flow = useStoreApi();
  const latest = useRef(gestureAt);
  useEffect(() => {
    latest.current = gestureAt;
  });

  useEffect(() => {
    const element = root.current;
    if (element === null) return;
    let held: Held | null = null;

    const onDown = (event: PointerEvent): void => {
      // A second finger: they zoom.
      if (held !== null) return event.pointerType === 'touch' ? held.stop() : undefined;
      if (event.button !== 0) return;
      const gesture = latest.current(event);
      if (gesture === null) return;
      held = new Held(gesture, event, {
        element,
        panBy: (by) => void flow.getState().panBy(by),
        ended: () => (held = null),
      });
    };
    /** What React Flow would pan by: of a press that is ours it does not hear. The browser does, which gives us the focus. */
    const onMouse = (event: MouseEvent): void => {
      if (held !== null) event.stopPropagation();
    };
    /** The same for fingers, once one has something in the hand. */
    const onTouch = (event: TouchEvent): void => {
      if (held === null || !held.takesTouch) return;
      event.stopPropagation();
      if (event.cancelable) event.preventDefault();
    };
    element.addEventListener('pointerdown', onDown, { capture: true });
    element.addEventListener('mousedown', onMouse, { capture: true });
    element.addEventListener('touchstart', onTouch, { capture: true, passive: false });
    element.addEventListener('touchmove', onTouch, { capture: true, passive: false });
    return () => {
      held?.stop();
      element.removeEventListener('pointerdown', onDown, { capture: true });
      element.removeEventListener('mousedown', onMouse, { capture: true });
      element.removeEventListener('touchstart', onTouch, { capture: true });
      element.removeEventListener('touchmove', onTouch, { capture: true });
    };
  }, [root, flow, there]);
}

interface Around {
  readonly element: HTMLElement;
  readonly panBy: (by: Point) => void;
  readonly ended: () => void;
}

/** A press, and what becomes of it. */
class Held {
  private begun = false;
  private frame = 0;
  private press: ReturnType<typeof setTimeout> | undefined;
  private readonly from: Point;
  private at: Point;
  private readonly finger: boolean;
  private readonly listeners = new AbortController();
  /** It has been away from the border since it began: one that begins there does not move the canvas. */
  private inner = false;

  constructor(
    private readonly gesture: Gesture,
    private readonly down: PointerEvent,
    private readonly around: Around,
  ) {
    this.finger = down.pointerType === 'touch';
    this.from = this.at = { x: down.clientX, y: down.clientY };
    const options = { capture: true, signal: this.listeners.signal };
    window.addEventListener('pointermove', this.onMove, options);
    window.addEventListener('pointerup', this.onUp, options);
    window.addEventListener('pointercancel', this.onCancel, options);
    window.addEventListener('keydown', this.onKey, options);
    // Not of elements within: what is taken hold of may take the focus.
    window.addEventListener('blur', this.stop, { signal: this.listeners.signal });
    if (this.rests) this.press = setTimeout(this.onPress, PRESS_MS);
  }

  /** Whether a finger's moves are ours alone. */
  get takesTouch(): boolean {
    return this.begun || !this.rests;
  }

  private get rests(): boolean {
    return this.finger && this.gesture.starts === 'press';
  }

  readonly stop = (): void => {
    if (this.begun) this.gesture.cancel();
    this.over();
  };

  private readonly onPress = (): void => {
    this.begin();
    if (this.gesture.hold) this.press = setTimeout(this.onHold, HOLD_MS - PRESS_MS);
  };

  private readonly onHold = (): void => {
    if (this.gesture.hold?.(this.at) !== true) return;
    this.gesture.cancel();
    this.over();
    swallowRest();
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (event.pointerId !== this.down.pointerId) return;
    this.at = { x: event.clientX, y: event.clientY };
    const far = Math.hypot(this.at.x - this.from.x, this.at.y - this.from.y);
    if (far > (this.finger ? SLID : MOVED)) {
      clearTimeout(this.press);
      // A finger that did not rest first pans.
      if (!this.begun && this.rests) return this.over();
      if (!this.begun) this.begin();
    }
    if (this.begun) this.frame ||= requestAnimationFrame(this.onFrame);
  };

  private begin(): void {
    this.begun = true;
    useHand.setState({ at: this.inside(), touch: this.finger });
    this.gesture.begin(this.from);
  }

  private readonly onFrame = (): void => {
    this.frame = 0;
    useHand.setState({ at: this.inside() });
    this.gesture.move(this.at);
    const by = this.follow();
    if (by === null) return;
    this.around.panBy(by);
    this.frame = requestAnimationFrame(this.onFrame);
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (event.pointerId !== this.down.pointerId) return;
    this.at = { x: event.clientX, y: event.clientY };
    const { begun } = this;
    this.over(begun);
    if (!begun) this.gesture.tap?.();
    else this.gesture.drop(this.at);
  };

  private readonly onCancel = (event: PointerEvent): void => {
    if (event.pointerId === this.down.pointerId) this.stop();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.begun) return;
    event.preventDefault();
    event.stopPropagation();
    this.gesture.cancel();
    this.over(true);
  };

  /** `swallow`: the click that the browser makes of it is none. */
  private over(swallow = false): void {
    clearTimeout(this.press);
    cancelAnimationFrame(this.frame);
    this.listeners.abort();
    emptyHandUnlessMoving();
    this.around.ended();
    if (swallow) swallowClick();
  }

  /** The pointer in pixels of the canvas. */
  private inside(): Point {
    const { left, top } = this.around.element.getBoundingClientRect();
    return { x: this.at.x - left, y: this.at.y - top };
  }

  private follow(): Point | null {
    // What is aimed at must not move away.
    if (useCanvasUi.getState().aimId !== null) return null;
    const { x, y } = this.inside();
    const { clientWidth: width, clientHeight: height } = this.around.element;
    const push = (at: number, size: number): number =>
      at < 0 || at > size ? 0 : at < BORDER ? FOLLOW : at > size - BORDER ? -FOLLOW : 0;
    const by = { x: push(x, width), y: push(y, height) };
    const still = by.x === 0 && by.y === 0;
    this.inner ||= still;
    return still || !this.inner ? null : by;
  }
}

/** What was moved stays under the hand until the script has its place. */
function emptyHandUnlessMoving(): void {
  const { shift } = useHand.getState();
  emptyHand();
  if (shift !== null) useHand.setState({ shift });
}

/** What has opened under a finger must not be closed by its going up. */
function swallowRest(): void {
  const listening = new AbortController();
  const options = { capture: true, passive: false, signal: listening.signal };
  const swallow = (event: Event): void => {
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    if (event.type === 'pointerup' || event.type === 'pointercancel')
      setTimeout(() => listening.abort(), CLICK_MS);
  };
  for (const type of ['pointerup', 'pointercancel', 'touchmove', 'touchend', 'mousedown', 'mouseup', 'click'])
    window.addEventListener(type, swallow, options);
}

/** A browser makes a click of a press within this time. */
const CLICK_MS = 50;

function swallowClick(): void {
  const swallow = (event: MouseEvent): void => {
    event.stopPropagation();
    event.preventDefault();
  };
  window.addEventListener('click', swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), CLICK_MS);
}
