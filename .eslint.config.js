import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

// The engine must run anywhere and twice the same: no clock, no randomness, no host.
const nondeterministic = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'crypto',
  'console',
  'window',
  'document',
  'process',
  'navigator',
  'fetch',
  'globalThis',
];

const style = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
  { selector: 'ExportAllDeclaration', message: 'Export by name.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
];

// What a person reads stands in src/words. Names of the kernel and of scripts may stand where they are, in the elements for them.
const message = 'Words live in src/words (its README.md).';
const LETTERS = '[A-Za-z]{2}';
const ELEMENT = ':matches(JSXElement:not([openingElement.name.name=/^(code|kbd|samp)$/]), JSXFragment)';
const READ =
  'JSXAttribute[name.name=/^(title|alt|label|hint|text|placeholder|summary|heading|empty|aria-(label|description|placeholder|roledescription|valuetext))$/]';
const QUIET = '[name.name=/^(className|d|style|points|viewBox|transform|rel|path)$/]';
const [LOOKS, SAYING] = [`JSXAttribute${QUIET}`, `JSXAttribute:not(${QUIET})`];
/** What an expression comes to, through branches: `a ? 'x' : b && 'y'`. */
const BRANCHES = ['', '> *', '> * > *', '> * > * > *'].map((deep) =>
  deep.replaceAll('*', ':matches(ConditionalExpression, LogicalExpression)'),
);
const texts = (place) =>
  BRANCHES.flatMap((deep) => [
    `${place} ${deep} > Literal[value=/${LETTERS}/]`,
    `${place} ${deep} > TemplateLiteral > TemplateElement[value.raw=/${LETTERS}/]`,
  ]);
const words = [
  `${ELEMENT} > JSXText[value=/${LETTERS}/]`,
  ...texts(`${ELEMENT} > JSXExpressionContainer`),
  `${READ} > Literal[value=/${LETTERS}/]`,
  ...texts(`${READ} > JSXExpressionContainer`),
  // Whatever a component calls it: two words in a row.
  ...[`${SAYING} >`, `${SAYING} :not(${LOOKS}) >`].map(
    (place) => `${place} Literal[value=/[A-Za-z]{2} [a-z]{2}/]`,
  ),
].map((selector) => ({ selector, message }));

export default ts.config(
  // Pieces of src/docs-sites are files of other tools, in their module systems.
  { ignores: ['dist/**', 'dist-node/**', 'src/docs-sites/**'] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-dynamic-delete': 'off',
      // A generator here is a Task: the interface asks for one, whether or not this one takes a lock.
      'require-yield': 'off',
      'no-restricted-syntax': ['error', ...style],
    },
  },
  {
    files: ['src/**/*.tsx'],
    ignores: ['src/**/*.test.tsx', 'src/testing/**'],
    rules: { 'no-restricted-syntax': ['error', ...style, ...words] },
  },
  {
    files: ['src/**/*.tsx', 'src/**/use-*.ts'],
    plugins: { 'react-hooks': hooks },
    rules: hooks.configs.recommended.rules,
  },
  {
    files: ['src/engine/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...nondeterministic],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.test.tsx', '**/*.conformance.ts', 'e2e/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'no-restricted-globals': 'off' },
  },
  {
    // Configuration files and Node scripts: default exports are how their tools read them.
    files: ['vite.config.ts', 'e2e/playwright.config.ts', '.scripts/**/*.mjs', '.eslint.config.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
      },
    },
    rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/no-unused-vars': 'error' },
  },
);
