import { builtinModules } from 'node:module';
import path from 'node:path';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;

/** Who may import whom, by top-level folder. Only tests see everything. */
const mayImport = {
  shared: ['shared', 'migrations'],
  migrations: ['migrations', 'shared'],
  edge: ['edge', 'shared', 'migrations'],
  central: ['central', 'shared', 'migrations'],
};

const boundaries = {
  meta: { type: 'problem', schema: [], messages: { crossed: '{{from}}/ must not import from {{to}}/.' } },
  create(context) {
    const folderOf = (file) => path.relative(root, file).split(path.sep)[0] ?? '';
    const from = folderOf(context.filename);
    const allowed = mayImport[from];
    if (!allowed) return {};
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string' || !source.startsWith('.')) return;
      const to = folderOf(path.resolve(path.dirname(context.filename), source));
      if (!allowed.includes(to)) context.report({ node, messageId: 'crossed', data: { from, to } });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

const pureReason = 'Pure code gets time, randomness, waiting and I/O as parameters (shared/platform.ts).';
const globalsOfHosts = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
  ...['requestAnimationFrame', 'requestIdleCallback', 'queueMicrotask', 'performance'],
  ...['process', 'Buffer', 'global', 'require', '__dirname', '__filename', 'console'],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'BroadcastChannel', 'Worker', 'caches'],
  ...['window', 'self', 'top', 'parent', 'frames', 'document', 'navigator', 'location', 'history', 'screen'],
  ...['localStorage', 'sessionStorage', 'indexedDB', 'alert', 'confirm', 'prompt', 'open', 'close', 'stop'],
  ...['name', 'status', 'event', 'origin', 'length', 'closed', 'external', 'find', 'print', 'focus', 'blur'],
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'screenshots/', 'data/', '**/.wrangler/', 'central/client/api.d.ts'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { holdfast: { rules: { boundaries } } },
    rules: {
      'holdfast/boundaries': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'CatchClause[body.body.length=0]', message: 'Say what happens to the error.' },
      ],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // `declare global { namespace Cloudflare … }` is how workers-types takes a worker's bindings.
      '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // A port's method is async for the implementations that wait; one that does not is no mistake.
      '@typescript-eslint/require-await': 'off',
      // Entries and rows are read with both interfaces and type aliases; neither is better.
      '@typescript-eslint/consistent-type-definitions': 'off',
    },
  },
  {
    files: ['shared/**/*.{ts,tsx}'],
    // What runs in a browser has its globals.
    ignores: ['shared/portal/assets/**'],
    rules: {
      'no-restricted-globals': ['error', ...globalsOfHosts.map((name) => ({ name, message: pureReason }))],
      'no-restricted-imports': [
        'error',
        {
          paths: builtinModules.map((name) => ({ name, message: pureReason })),
          patterns: [{ group: ['node:*', 'cloudflare:*'], message: pureReason }],
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'CatchClause[body.body.length=0]', message: 'Say what happens to the error.' },
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: pureReason },
        { selector: 'CallExpression[callee.name="Date"]', message: pureReason },
        {
          selector: 'MemberExpression[object.name="Date"][property.name="now"]',
          message: pureReason,
        },
        {
          selector: 'MemberExpression[object.name="Math"][property.name="random"]',
          message: pureReason,
        },
        {
          selector: 'MemberExpression[property.name=/^(getRandomValues|randomUUID)$/]',
          message: pureReason,
        },
        {
          selector: `MemberExpression[object.name="globalThis"][property.name=/^(${globalsOfHosts.join('|')})$/]`,
          message: pureReason,
        },
      ],
    },
  },
  {
    // Vitest's matchers (expect.any, expect.objectContaining) are typed `any`.
    files: ['**/*.test.{ts,tsx}', 'test/**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
);
