import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Run } from './process';

/** What to install: the published server of a version, or a wheel on this machine. */
export type Source = { version: string } | { wheel: string };

/**
 * The extension's virtual environment with one version of the server. It is in the extension's storage,
 * so that removing the extension removes it.
 */
export class ManagedEnvironment {
  readonly folder: string;
  private readonly done: string;

  constructor(
    private readonly storage: string,
    private readonly version: string,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {
    this.folder = join(storage, `server-${version}`);
    this.done = join(this.folder, 'complete');
  }

  /** The server's command; undefined if it is not installed completely. */
  async command(): Promise<string | undefined> {
    try {
      await access(this.done);
      await access(this.executable('fathom-lsp'));
      return this.executable('fathom-lsp');
    } catch {
      return undefined;
    }
  }

  /**
   * Installs or replaces the server, and removes other versions. Rejects with the output of the tools.
   * Uses `uv` if it is installed, else pip.
   */
  async install(source: Source, python: string, uv: string | undefined, run: Run): Promise<void> {
    await mkdir(this.storage, { recursive: true });
    await rm(this.folder, { recursive: true, force: true });
    const what = await requirements(source);
    const inside = this.executable('python');
    if (uv) {
      await run([uv, 'venv', '--quiet', '--python', python, this.folder]);
      await run([uv, 'pip', 'install', '--python', inside, ...what]);
    } else {
      await this.makeWithPip(python, inside, what, run);
    }
    await access(this.executable('fathom-lsp'));
    await writeFile(this.done, '');
    await this.removeOthers();
  }

  private async makeWithPip(python: string, inside: string, what: string[], run: Run): Promise<void> {
    const outside = await run([python, '-m', 'pip', '--version']).then(
      () => true,
      () => false,
    );
    if (outside) {
      // Without pip in it: `ensurepip` is often a separate package, and an external pip can install into it.
      await run([python, '-m', 'venv', '--without-pip', this.folder]);
      await run([python, '-m', 'pip', '--python', inside, 'install', ...what]);
    } else {
      await run([python, '-m', 'venv', this.folder]);
      await run([inside, '-m', 'pip', 'install', ...what]);
    }
  }

  private async removeOthers(): Promise<void> {
    for (const name of await readdir(this.storage)) {
      if (name.startsWith('server-') && name !== `server-${this.version}`) {
        await rm(join(this.storage, name), { recursive: true, force: true });
      }
    }
  }

  private executable(name: string): string {
    return this.platform === 'win32' ? join(this.folder, 'Scripts', `${name}.exe`) : join(this.folder, 'bin', name);
  }
}

/**
 * Arguments for pip and uv. If other wheels are in the same folder as the chosen one, they are its dependencies, and
 * the network is not used.
 */
async function requirements(source: Source): Promise<string[]> {
  if ('version' in source) {
    return [`fathom-lsp==${source.version}`];
  }
  const folder = dirname(source.wheel);
  const wheels = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  return wheels.length > 1 ? ['--no-index', '--find-links', folder, source.wheel] : [source.wheel];
}
