import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Phrase } from './Phrase';

const html = (element: React.ReactElement) => renderToStaticMarkup(element);

test('elements stand at their places, in the order of the text', () => {
  const parts = { key: <kbd>Enter</kbd>, what: 'the line' };
  expect(html(<Phrase text="Press {key} to open {what}." parts={parts} />)).toBe(
    'Press <kbd>Enter</kbd> to open the line.',
  );
  expect(html(<Phrase text="{what}: {key}" parts={parts} />)).toBe('the line: <kbd>Enter</kbd>');
});

test('a part may be nothing, or come twice', () => {
  expect(html(<Phrase text="{a}{a} b{c}" parts={{ a: 1, c: null }} />)).toBe('11 b');
});

test('what the compiler knows of a text has to be filled, and no more', () => {
  // @ts-expect-error: the place is called key
  expect(html(<Phrase text="Press {key}" parts={{ kye: 'Enter' }} />)).toBe('Press {key}');
  // @ts-expect-error: there is no such place
  expect(html(<Phrase text="Press {key}" parts={{ key: 'Enter', what: 1 }} />)).toBe('Press Enter');
});

test('a name that every object has is a place like others', () => {
  const text: string = 'a {toString} b';
  expect(html(<Phrase text={text} parts={{}} />)).toBe('a {toString} b');
});
