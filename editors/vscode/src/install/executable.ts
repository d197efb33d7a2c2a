import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

/** The path of a command, or undefined. `command` is a path, which may begin with `~/`, or a name on the PATH. */
export async function findExecutable(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const expanded = /^~[/\\]/.test(command) ? join(homedir(), command.slice(2)) : command;
  if (isAbsolute(expanded)) {
    return firstExecutable([expanded]);
  }
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(Boolean);
  return firstExecutable(folders.map((folder) => join(folder, expanded)));
}

async function firstExecutable(paths: string[]): Promise<string | undefined> {
  const suffixes = process.platform === 'win32' ? ['', '.exe'] : [''];
  for (const path of paths) {
    for (const suffix of suffixes) {
      if (await isExecutable(path + suffix)) {
        return path + suffix;
      }
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
