import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    // The module `vscode` exists only inside the editor.
    alias: { vscode: fileURLToPath(new URL('test/unit/vscode.mock.ts', import.meta.url)) },
    restoreMocks: true,
  },
});
