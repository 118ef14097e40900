import { useEffect, useRef } from 'react';

const GAP = 6;
const EDGE = 8;
const HOVER_MS = 350;

/**
 * One tooltip for the whole page: shows the `data-tip` of what the pointer rests on or the keyboard reaches. Names and
 * descriptions for assistive technology are on the elements themselves; this is for eyes.
 */
export function Tips() {
  const tip = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const box = tip.current;
    if (box === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let shownFor: Element | null = null;

    const hide = (): void => {
      clearTimeout(timer);
      if (shownFor !== null) box.hidePopover();
      shownFor = null;
    };
    const show = (target: Element): void => {
      hide();
      if (!target.isConnected) return;
      box.textContent = target.getAttribute('data-tip');
      box.showPopover();
      shownFor = target;
      const at = target.getBoundingClientRect();
      const own = box.getBoundingClientRect();
      const { left, top } = target.hasAttribute('data-tip-beside') ? beside(at, own) : below(at, own);
      box.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
    };
    const tipped = (event: Event): Element | null =>
      event.target instanceof Element ? event.target.closest('[data-tip]') : null;

    const listeners: Record<string, (event: Event) => void> = {
      pointerover(event) {
        const target = tipped(event);
        if (target === shownFor) return;
        hide();
        const { pointerType, buttons } = event as PointerEvent;
        // Something that is dragged over it is no question about it.
        if (target !== null && pointerType === 'mouse' && buttons === 0)
          timer = setTimeout(() => show(target), HOVER_MS);
      },
      focusin(event) {
        const target = tipped(event);
        if (target?.matches(':focus-visible')) show(target);
      },
      focusout: hide,
      pointerdown: hide,
      keydown: (event) => (event as KeyboardEvent).key === 'Escape' && hide(),
    };
    for (const [type, listener] of Object.entries(listeners)) document.addEventListener(type, listener);
    return () => {
      hide();
      for (const [type, listener] of Object.entries(listeners)) document.removeEventListener(type, listener);
    };
  }, []);

  return <div ref={tip} className="tip" popover="manual" aria-hidden="true" style={{ top: 0, left: 0 }} />;
}

type Place = { readonly left: number; readonly top: number };

/** Under it, or above where there is no room; never over the edge. */
function below(at: DOMRect, own: DOMRect): Place {
  const under = at.bottom + GAP;
  return {
    top: under + own.height > innerHeight - EDGE ? at.top - GAP - own.height : under,
    left: Math.min(Math.max(EDGE, at.left + at.width / 2 - own.width / 2), innerWidth - EDGE - own.width),
  };
}

/** Right of it, for things that stand in a column. */
function beside(at: DOMRect, own: DOMRect): Place {
  const right = at.right + GAP;
  return right + own.width > innerWidth - EDGE
    ? below(at, own)
    : { left: right, top: at.top + at.height / 2 - own.height / 2 };
}
