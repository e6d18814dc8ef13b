import tseslint from 'typescript-eslint';
import { commonSql } from './common-sql.js';
import { documentedExports } from './documented-exports.js';

const environment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only libs/config reads the environment.',
};

const accountGrant = {
  selector: "MemberExpression[object.name='AuthorisedAccount'][property.name='grant']",
  message: 'Only the account guard and the command line authorise accounts.',
};

const time = [
  "CallExpression[callee.object.name='Date'][callee.property.name='now']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
  'CallExpression[callee.name=/^(setTimeout|setInterval)$/]',
].map((selector) => ({ selector, message: 'Time comes through the Clock port.' }));

/** The clock itself, what runs by it without any port of ours, and programs' outermost files. */
const timekeepers = [
  'libs/clock/src/system-clock.ts',
  'libs/beanstalkd/src/net/machine-time.ts',
  'apps/worker/src/schedules/scheduler.ts',
  'apps/*/src/main.ts',
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/data/**'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: '../tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/consistent-type-imports': 'off',
      'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
      'max-depth': ['error', 3],
      'max-params': ['error', 5],
      'no-console': 'error',
      'no-restricted-syntax': ['error', environment, accountGrant, ...time],
    },
  },
  { files: ['libs/config/**/*.ts'], rules: { 'no-restricted-syntax': ['error', accountGrant, ...time] } },
  { files: timekeepers, rules: { 'no-restricted-syntax': ['error', environment, accountGrant] } },
  {
    files: ['apps/api/src/guards/account.guard.ts', 'apps/cli/src/commands/connect.command.ts'],
    rules: { 'no-restricted-syntax': ['error', environment, ...time] },
  },
  {
    files: ['widget/src/**/*.ts'],
    languageOptions: { parserOptions: { project: '../widget/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['apps/console/**/*.ts', 'apps/console/**/*.tsx'],
    languageOptions: { parserOptions: { project: '../apps/console/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  { files: ['**/*.spec.ts', 'test/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['libs/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    plugins: { local: { rules: { 'documented-exports': documentedExports } } },
    rules: { 'local/documented-exports': 'error' },
  },
  {
    files: ['libs/database/src/**/*.ts', 'migrations/*.ts'],
    // The lock of the migrations has one implementation for each database.
    ignores: ['**/*.spec.ts', 'libs/database/src/migration-lock.ts'],
    plugins: { sql: { rules: { common: commonSql } } },
    rules: { 'sql/common': 'error' },
  },
  { files: ['libs/database/src/entities/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
