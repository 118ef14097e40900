import { expect, it } from 'vitest';
import { sceneInReport } from './scene-in-report';

const head = (meta: string): string => `<!doctype html>\n<html lang="en">\n<head>\n${meta}\n<title>x</title>`;

it('a saved report carries its scene in the head, however long', () => {
  const link = `#s2:${'Ab-_9'.repeat(10_000)}`;
  expect(sceneInReport(head(`<meta name="iommu-playground-scene" content="${link}">`))).toBe(link);
});

it('other documents carry none, and what is in their text does not count', () => {
  expect(sceneInReport(head(''))).toBeNull();
  expect(sceneInReport('')).toBeNull();
  expect(
    sceneInReport(head('<meta name="iommu-playground-scene" content="javascript:alert(1)">')),
  ).toBeNull();
  expect(sceneInReport(head('<meta name="iommu-playground-scene" content="#s2:abc"'))).toBeNull();
  const late = `${head('')}${' '.repeat(9000)}<meta name="iommu-playground-scene" content="#s2:abc">`;
  expect(sceneInReport(late)).toBeNull();
});
