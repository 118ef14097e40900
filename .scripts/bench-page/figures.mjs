// A figure of the page: { name, unit, value, p95, reference: { name, value }, ratio, aim: { least, most, words } }.

export const part = (values, of) => [...values].sort((a, b) => a - b)[Math.floor(values.length * of)] ?? 0;
export const median = (values) => part(values, 0.5);

/** What 19 of 20 take, in milliseconds, beside what an edge takes in bare React Flow. */
export const waited = (name, mine, bare, most) => ({
  name: `${name}, p95`,
  unit: 'ms',
  value: part(mine, 0.95),
  p95: null,
  reference: { name: 'an edge in bare React Flow, to pixels', value: part(bare, 0.95) },
  ratio: part(mine, 0.95) / part(bare, 0.95),
  aim: { most, words: `${most} ms` },
});

export const reached = ({ value, aim }) =>
  value >= (aim.least ?? -Infinity) && value <= (aim.most ?? Infinity);

const figure = (value, unit) =>
  value === null
    ? '–'
    : `${unit === 'ms' || unit === '%' ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ${unit}`.trim();

const referenceUnit = (name) => (name.startsWith('about') ? '%' : name.includes('React Flow') ? 'ms' : '');

/** A row of the table: name, here, p95, ratio, aim, reference. */
export const cells = ({ name, value, p95, unit, reference, ratio, aim, reached: ok }) => [
  name,
  figure(value, unit),
  p95 === null ? '–' : figure(p95, 'ms'),
  ratio === null ? '–' : `${ratio.toFixed(2)}×`,
  `${aim.words} ${ok ? 'reached' : 'MISSED'}`,
  `${reference.name}: ${figure(reference.value, referenceUnit(reference.name))}`,
];
export const HEAD = ['page', 'here', 'p95', 'ratio', 'aim', 'reference'];
