// What VS Code runs inside its extension host: the tests in this folder, with mocha.

import Mocha from 'mocha';

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, color: false });
  // The tests register themselves with the functions that this defines.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./extension.test');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures) {
    throw new Error(`${failures} tests failed`);
  }
}
