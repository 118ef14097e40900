import { describe, expect, it } from 'vitest';
import { overlaps, type Rect } from '../layout/geometry';
import { placeLabel, type Labelled } from './label-place';

const VIEW = { width: 800, height: 500 };
const SIZE = { width: 260, height: 22 };
const card = (x: number, y: number): Rect => ({ x, y, width: 130, height: 70 });
const about = (more: Partial<Labelled> = {}): Labelled => ({
  at: { x: 400, y: 240 },
  card: card(335, 200),
  side: 'below',
  avoid: [],
  ...more,
});
const placed = (of: Labelled): Rect => ({ ...placeLabel(of, SIZE, VIEW), ...SIZE });

describe('where a label stands', () => {
  it('on the side that it asks for, in the middle, where nothing is in the way', () => {
    expect(placed(about())).toMatchObject({ x: 270, y: 277 });
    expect(placed(about({ side: 'above' }))).toMatchObject({ x: 270, y: 171 });
  });

  it('on the other side where a card stands below', () => {
    const avoid = [card(335, 275), card(480, 275), card(200, 275)];
    expect(placed(about({ avoid })).y).toBe(171);
  });

  it('covers no card while there is a place where it covers none', () => {
    // A column full of cards on the left, another on the right; between two of its own column there is 44 px.
    const avoid = [card(60, 200), card(60, 280), card(335, 86), card(335, 314), card(620, 200)];
    const label = placed(about({ avoid }));
    expect([card(335, 200), ...avoid].filter((each) => overlaps(each, label))).toEqual([]);
  });

  it('beside the card where it is full above and below', () => {
    const wall = [0, 1, 2].flatMap((column) => [
      card(135 + 135 * column, 128),
      card(135 + 135 * column, 272),
    ]);
    const label = placed(about({ avoid: wall }));
    expect(wall.filter((each) => overlaps(each, label))).toEqual([]);
    expect(overlaps(card(335, 200), label)).toBe(false);
  });

  it('inside the view, below the headings', () => {
    const label = placed(about({ at: { x: 795, y: 10 }, card: null, side: 'above' }));
    expect(label.x + label.width).toBeLessThanOrEqual(VIEW.width - 8);
    expect(label.y).toBeGreaterThanOrEqual(44);
  });
});
