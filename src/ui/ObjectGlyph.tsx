import { memo } from 'react';
import { KINDS, type Kind } from './kinds';
import { LETTERS } from './letters';

/** The mark of a kind: its shape, its letter and its colour, the same wherever an object is named. */
export const ObjectGlyph = memo(function ObjectGlyph({ kind }: { readonly kind: Kind }) {
  const { hue, letter, outline, marks, solid, dashed, open, letterAt } = KINDS[kind];
  const [x, y, scale] = letterAt;
  return (
    <svg
      className="glyph"
      viewBox="0 0 20 20"
      data-kind={kind}
      data-letter={letter}
      style={{ ['--k' as string]: `var(${hue})` }}
      aria-hidden="true"
    >
      <path className={open ? undefined : 'glyph-outline'} data-dashed={dashed} d={outline} />
      {marks !== undefined && <path d={marks} />}
      {solid !== undefined && <path className="glyph-solid" d={solid} />}
      <path className="glyph-letter" d={LETTERS[letter]} transform={`translate(${x} ${y}) scale(${scale})`} />
    </svg>
  );
});
