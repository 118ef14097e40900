import { useRef, type KeyboardEvent, type PointerEvent } from 'react';

interface ResizerProps {
  readonly className: string;
  readonly label: string;
  /** Of the bar itself. A vertical one changes a width. Both grow what lies after them, away from the canvas. */
  readonly orientation: 'vertical' | 'horizontal';
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
  readonly onDone: (value: number) => void;
}

const KEY_STEP = 24;

/** A bar between two parts of the page, for the mouse, touch and the arrow keys. */
export function Resizer({ className, label, orientation, value, min, max, onChange, onDone }: ResizerProps) {
  const grip = useRef<{ readonly at: number; readonly value: number } | null>(null);
  const at = (event: PointerEvent): number => (orientation === 'vertical' ? event.clientX : event.clientY);
  const clamp = (next: number): number => Math.round(Math.max(min, Math.min(max, next)));

  const onKeyDown = (event: KeyboardEvent): void => {
    const grow = orientation === 'vertical' ? 'ArrowLeft' : 'ArrowUp';
    const shrink = orientation === 'vertical' ? 'ArrowRight' : 'ArrowDown';
    if (event.key !== grow && event.key !== shrink) return;
    event.preventDefault();
    const next = clamp(value + (event.key === grow ? KEY_STEP : -KEY_STEP));
    onChange(next);
    onDone(next);
  };

  return (
    <div
      className={`resizer ${className}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { at: at(event), value };
      }}
      onPointerMove={(event) => {
        if (grip.current !== null) onChange(clamp(grip.current.value + grip.current.at - at(event)));
      }}
      onPointerUp={() => {
        grip.current = null;
        onDone(value);
      }}
    />
  );
}
