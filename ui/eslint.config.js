// Two rules carry the architecture: the host is reached through one door, and the diagram library
// stays behind one component.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const tauri = { group: ['@tauri-apps/*'], message: 'Only src/api/door.ts speaks to the host.' };
const xyflow = { group: ['@xyflow/*'], message: 'Only src/flow/FlowView.svelte draws with the library.' };
const restrict = (...patterns) => ['error', { patterns }];

export default ts.config(
  { ignores: ['dist', 'src/api/generated'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-imports': restrict(tauri, xyflow),
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    files: ['src/api/door.ts', 'src/api/door.test.ts'],
    rules: { 'no-restricted-imports': restrict(xyflow) },
  },
  {
    files: ['src/flow/FlowView.svelte', 'src/flow/FlowCamera.svelte'],
    rules: { 'no-restricted-imports': restrict(tauri) },
  },
);
