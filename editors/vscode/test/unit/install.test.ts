import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration, extensions, Uri, window, workspace } from './vscode.mock';
import { ServerNotFound, UserError } from '../../src/errors';
import { locate } from '../../src/install/locate';
import { ManagedEnvironment } from '../../src/install/managed';
import { offerInstallation } from '../../src/install/offer';
import { runner } from '../../src/install/process';
import { findPython, usualCommands } from '../../src/install/python';
import { resetEditor } from './support';

let folder: string;
beforeEach(() => {
  resetEditor();
  folder = mkdtempSync(join(tmpdir(), 'fathom-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A program in the temporary folder; a shell script where it has a text. */
function program(path: string, text = ''): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text && `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** The Python extension with an environment selected in it. */
function selectPython(python: string | undefined): void {
  const environments = {
    getActiveEnvironmentPath: () => 'selected',
    resolveEnvironment: async () => python && { executable: { uri: { fsPath: python } } },
  };
  extensions.getExtension.mockReturnValue({ activate: async () => ({ environments }) });
}

const onUnix = describe.skipIf(process.platform === 'win32');

onUnix('locate', () => {
  const managed = () => new ManagedEnvironment(join(folder, 'storage'), '1.0');
  const found = () => locate(managed(), { PATH: join(folder, 'path') });
  const installManaged = () => {
    writeFileSync(join(dirname(dirname(program('storage/server-1.0/bin/fathom-lsp'))), 'complete'), '');
  };

  it('goes from the setting to the Python environment, the PATH and the managed environment', async () => {
    installManaged();
    expect(await found()).toBe(join(folder, 'storage/server-1.0/bin/fathom-lsp'));
    program('path/fathom-lsp');
    expect(await found()).toBe(join(folder, 'path/fathom-lsp'));
    program('venv/bin/fathom-lsp');
    selectPython(join(folder, 'venv/bin/python'));
    expect(await found()).toBe(join(folder, 'venv/bin/fathom-lsp'));
    configuration.set('fathom.server.path', program('mine'));
    expect(await found()).toBe(join(folder, 'mine'));
  });

  it('does not ask the Python extension in a folder that is not trusted', async () => {
    program('venv/bin/fathom-lsp');
    selectPython(join(folder, 'venv/bin/python'));
    workspace.isTrusted = false;
    await expect(found()).rejects.toThrow(ServerNotFound);
  });

  it('goes on when the Python extension selects nothing, has no server or is another one than expected', async () => {
    program('path/fathom-lsp');
    selectPython(undefined);
    expect(await found()).toBe(join(folder, 'path/fathom-lsp'));
    selectPython(join(folder, 'empty/bin/python'));
    expect(await found()).toBe(join(folder, 'path/fathom-lsp'));
    extensions.getExtension.mockReturnValue({ activate: async () => ({}) });
    expect(await found()).toBe(join(folder, 'path/fathom-lsp'));
  });

  it('says that the server of the setting is missing, and does not take another one', async () => {
    installManaged();
    configuration.set('fathom.server.path', '/nowhere/fathom-lsp');
    await expect(found()).rejects.toThrow('/nowhere/fathom-lsp');
  });

  it('offers to install the server when there is none, or only half of one', async () => {
    program('storage/server-1.0/bin/fathom-lsp');
    const failure = await found().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServerNotFound);
    expect((failure as ServerNotFound).remedies[0]).toMatchObject({ command: 'fathom.installServer' });
  });
});

describe('findPython', () => {
  const versions: Record<string, string> = { python3: '3.8', 'python3.9': '3.9', 'python3.12': '3.12' };
  const run = async ([command]: string[]) => {
    if (!versions[command!]) {
      throw new Error('not found');
    }
    return `/usr/bin/${command}|${versions[command!]}\n`;
  };

  it('takes the first that is new enough', async () => {
    const { found } = await findPython(['nothing', 'python3', 'python3.12'], run);
    expect(found).toEqual({ path: '/usr/bin/python3.12', version: [3, 12] });
  });

  it('tells the newest of those that are too old', async () => {
    expect(await findPython(['python3', 'python3.9'], run)).toEqual({
      tooOld: { path: '/usr/bin/python3.9', version: [3, 9] },
    });
    expect(await findPython(['nothing'], run)).toEqual({});
  });

  it('knows the launcher of Windows', () => {
    expect(usualCommands('win32')[0]).toBe('py');
    expect(usualCommands('linux')).toContain('python3.10');
  });
});

onUnix('runner', () => {
  it('gives the output, line by line too, and the end of it as an error', async () => {
    const lines: string[] = [];
    const run = runner(undefined, (line) => lines.push(line));
    expect(await run(['/bin/sh', '-c', 'echo one; echo two >&2'])).toContain('one');
    expect(lines.sort()).toEqual(['one', 'two']);
    await expect(run(['/bin/sh', '-c', 'echo broken; exit 3'])).rejects.toThrow('broken');
    await expect(run([join(folder, 'missing')])).rejects.toThrow('ENOENT');
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    const running = runner(controller.signal)(['/bin/sleep', '60']);
    controller.abort();
    await expect(running).rejects.toThrow('abort');
  });
});

describe('ManagedEnvironment', () => {
  /** What would be run; the tools' work is left to `make`. */
  const recorder = (make: () => void) => {
    const commands: string[][] = [];
    const run = async (command: string[]) => {
      commands.push(command);
      make();
      return '';
    };
    return { commands, run };
  };

  it('uses uv where it is there, and removes other versions', async () => {
    program('server-0.9/bin/fathom-lsp');
    const managed = new ManagedEnvironment(folder, '1.0', 'linux');
    const { commands, run } = recorder(() => program('server-1.0/bin/fathom-lsp'));
    await managed.install({ version: '1.0' }, '/usr/bin/python3', '/bin/uv', run);
    expect(commands).toEqual([
      ['/bin/uv', 'venv', '--quiet', '--python', '/usr/bin/python3', managed.folder],
      ['/bin/uv', 'pip', 'install', '--python', join(managed.folder, 'bin/python'), 'fathom-lsp==1.0'],
    ]);
    expect(await managed.command()).toBe(join(managed.folder, 'bin/fathom-lsp'));
    expect(readdirSync(folder)).toEqual(['server-1.0']);
  });

  it('has the paths of Windows on Windows', async () => {
    const managed = new ManagedEnvironment(folder, '1.0', 'win32');
    const { commands, run } = recorder(() => program('server-1.0/Scripts/fathom-lsp.exe'));
    await managed.install({ version: '1.0' }, 'python.exe', undefined, run);
    expect(commands.at(-1)!.slice(0, 5)).toEqual([
      'python.exe',
      '-m',
      'pip',
      '--python',
      join(managed.folder, 'Scripts', 'python.exe'),
    ]);
    expect(await managed.command()).toBe(join(managed.folder, 'Scripts', 'fathom-lsp.exe'));
  });

  it('is not there after an installation that failed', async () => {
    const managed = new ManagedEnvironment(folder, '1.0', 'linux');
    const failing = async () => {
      program('server-1.0/bin/fathom-lsp');
      throw new Error('no space left');
    };
    await expect(managed.install({ version: '1.0' }, 'python3', '/bin/uv', failing)).rejects.toThrow('no space left');
    expect(await managed.command()).toBeUndefined();
  });

  const python = ['python3', 'python'].find((command) => {
    try {
      return execFileSync(command, ['-m', 'pip', '--version']);
    } catch {
      return false;
    }
  });

  it.skipIf(!python || process.platform === 'win32')(
    'installs a wheel and what lies beside it with pip, without a network',
    { timeout: 120_000 },
    async () => {
      const wheels = join(folder, 'wheels');
      mkdirSync(wheels);
      execFileSync(python!, ['-c', MAKE_WHEELS, wheels]);
      const managed = new ManagedEnvironment(join(folder, 'storage'), '1.0');
      vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/nothing-answers-here');
      const wheel = join(wheels, 'fathom_lsp-1.0-py3-none-any.whl');
      await managed.install({ wheel }, python!, undefined, runner());
      expect(execFileSync((await managed.command())!, { encoding: 'utf8' })).toBe('installed\n');
    },
  );
});

/** Writes two wheels: one that has the server's command, and one that it needs. */
const MAKE_WHEELS = `
import sys, zipfile
def wheel(name, code, metadata="", entry=""):
    info = f"{name}-1.0.dist-info/"
    with zipfile.ZipFile(f"{sys.argv[1]}/{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", code)
        archive.writestr(info + "METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n{metadata}")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "entry_points.txt", entry)
        archive.writestr(info + "RECORD", "")
wheel("fathom_needs", "text = 'installed'")
wheel("fathom_lsp", "import fathom_needs\\ndef main(): print(fathom_needs.text)", "Requires-Dist: fathom_needs\\n",
      "[console_scripts]\\nfathom-lsp = fathom_lsp:main\\n")
`;

onUnix('offerInstallation', () => {
  const log = { appendLine: vi.fn() } as never;
  const offer = () => offerInstallation(new ManagedEnvironment(join(folder, 'storage'), '1.0'), '1.0', log);
  const choose = (title: string | undefined) => window.showInformationMessage.mockResolvedValue(title);

  beforeEach(() => {
    vi.stubEnv('PATH', join(folder, 'path'));
  });

  it('does nothing without a yes', async () => {
    choose(undefined);
    expect(await offer()).toBe(false);
    expect(window.showInformationMessage.mock.calls[0]![1]).toMatchObject({ modal: true });
  });

  it('does nothing when no wheel is chosen', async () => {
    choose('Install from a File…');
    expect(await offer()).toBe(false);
  });

  it('says that there is no Python, with buttons for that', async () => {
    choose('Install');
    const failure = await offer().catch((error: unknown) => error);
    expect(String(failure)).toContain('needs Python 3.10 or later, and none was found');
    expect((failure as UserError).remedies.map(({ title }) => title)).toEqual(['Get Python', 'Choose Python']);
  });

  it('says that the Python of the setting is too old, and takes no other', async () => {
    configuration.set('fathom.server.python', program('old', 'echo "/opt/old|3.7"'));
    program('path/python3', 'echo "/usr/bin/python3|3.12"');
    choose('Install');
    await expect(offer()).rejects.toThrow('needs Python 3.10 or later; /opt/old is 3.7.');
  });

  it('installs with the selected Python, and shows the way to the log when that fails', async () => {
    const python = program('venv/bin/python', `case "$1" in -c) echo "$0|3.12";; *) echo "no disk"; exit 1;; esac`);
    selectPython(python);
    choose('Install');
    const failure = await offer().catch((error: unknown) => error);
    expect((failure as UserError).remedies.map(({ command }) => command)).toEqual([
      'fathom.showLog',
      'fathom.installServer',
    ]);
  });

  it('installs the wheel that was chosen', async () => {
    const made = join(folder, 'storage/server-1.0/bin');
    const uv = `echo "$@" >> ${folder}/calls; /bin/mkdir -p ${made}; echo > ${made}/fathom-lsp`;
    program('path/uv', uv);
    program('path/python3', 'echo "/usr/bin/python3|3.12"');
    const wheel = program('downloads/fathom_lsp.whl');
    choose('Install from a File…');
    window.showOpenDialog.mockResolvedValue([Object.assign(Uri.parse(`file://${wheel}`), { fsPath: wheel })]);
    expect(await offer()).toBe(true);
    expect(execFileSync('/bin/cat', [join(folder, 'calls')], { encoding: 'utf8' })).toMatch(
      new RegExp(`^venv .*\\npip install --python .* ${wheel}\\n$`),
    );
  });
});
