import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/install/executable';

describe.skipIf(process.platform === 'win32')('findExecutable', () => {
  let folder: string;
  const make = (name: string, mode: number) => {
    const path = join(folder, name);
    writeFileSync(path, '');
    chmodSync(path, mode);
    return path;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-'));
    mkdirSync(join(folder, 'first'));
    mkdirSync(join(folder, 'second'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes the first on the PATH', async () => {
    const env = { PATH: [join(folder, 'first'), join(folder, 'second')].join(delimiter) };
    expect(await findExecutable('server', env)).toBeUndefined();
    const second = make('second/server', 0o755);
    expect(await findExecutable('server', env)).toBe(second);
    const first = make('first/server', 0o755);
    expect(await findExecutable('server', env)).toBe(first);
  });

  it('takes a path as it is', async () => {
    const path = make('mine', 0o755);
    expect(await findExecutable(path, {})).toBe(path);
    const fromHome = `~/${relative(homedir(), path)}`;
    expect(await findExecutable(fromHome, {})).toBe(path);
  });

  it.runIf(process.getuid?.() !== 0)('leaves out what cannot be run', async () => {
    expect(await findExecutable(make('text', 0o644), {})).toBeUndefined();
  });

  it('leaves out folders and what is not there', async () => {
    expect(await findExecutable(folder, {})).toBeUndefined();
    expect(await findExecutable(join(folder, 'nothing'), {})).toBeUndefined();
    expect(await findExecutable('server', {})).toBeUndefined();
  });
});
