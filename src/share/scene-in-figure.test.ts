import { expect, it } from 'vitest';
import { sceneInFigure } from './scene-in-figure';

const figure = (inside: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg"><metadata>${inside}</metadata><text>#s2:NOT_THIS</text></svg>`;

it('finds the scene that a figure carries', () => {
  expect(sceneInFigure(figure('https://play.example/#s2:AbC-_9'))).toBe('#s2:AbC-_9');
  expect(sceneInFigure(`<svg><metadata>made by a program</metadata>${figure('#s1:AAAA')}`)).toBe('#s1:AAAA');
});

it('finds none in other figures', () => {
  expect(sceneInFigure(figure('made by a program'))).toBeNull();
  expect(sceneInFigure('<svg><metadata>#s2:AAAA')).toBeNull();
  expect(sceneInFigure('not a figure')).toBeNull();
});

it('looks through any text in a time that grows with its length alone', () => {
  const start = performance.now();
  expect(sceneInFigure('<metadata>'.repeat(400_000))).toBeNull();
  expect(sceneInFigure('<metadata></metadata>'.repeat(200_000))).toBeNull();
  expect(performance.now() - start).toBeLessThan(2000);
});
