import { useEffect, useRef, useState } from 'react';

/** A value, one frame late: for what may be drawn after that which a person waits for. */
export function useAfterPaint<T>(value: T): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const pending = useRef<{ frame: number; timer?: ReturnType<typeof setTimeout> } | null>(null);
  useEffect(() => {
    latest.current = value;
    // One that waits already brings this one along: what changes with every frame is still shown.
    if (Object.is(shown, value) || pending.current !== null) return;
    const mine: { frame: number; timer?: ReturnType<typeof setTimeout> } = { frame: 0 };
    mine.frame = requestAnimationFrame(() => {
      mine.timer = setTimeout(() => {
        pending.current = null;
        setShown(() => latest.current);
      });
    });
    pending.current = mine;
  }, [shown, value]);
  useEffect(
    () => () => {
      if (pending.current === null) return;
      cancelAnimationFrame(pending.current.frame);
      clearTimeout(pending.current.timer);
      pending.current = null;
    },
    [],
  );
  return shown;
}
