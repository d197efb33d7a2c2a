import { extensions, workspace } from 'vscode';
import type { Run } from './process';

/** An interpreter with its version. */
export interface Python {
  path: string;
  version: [number, number];
}

/** The oldest Python that the server runs on. */
export const OLDEST: readonly [number, number] = [3, 10];

const ASK_VERSION = 'import sys; print("%s|%d.%d" % ((sys.executable,) + sys.version_info[:2]))';

/** The first interpreter that is new enough; otherwise the newest one, if there is any. */
export async function findPython(commands: string[], run: Run): Promise<{ found?: Python; tooOld?: Python }> {
  let tooOld: Python | undefined;
  for (const command of commands) {
    const python = await askVersion(command, run);
    if (python && compare(python.version, OLDEST) >= 0) {
      return { found: python };
    }
    if (python && (!tooOld || compare(python.version, tooOld.version) > 0)) {
      tooOld = python;
    }
  }
  return tooOld ? { tooOld } : {};
}

/** Commands to try if no interpreter is configured, newest version first. */
export function usualCommands(platform: NodeJS.Platform): string[] {
  const names = [14, 13, 12, 11, 10].map((minor) => `python3.${minor}`);
  return platform === 'win32' ? ['py', 'python', 'python3'] : ['python3', 'python', ...names];
}

/**
 * The interpreter that is selected in the Python extension, if it is installed. Not used in an untrusted folder:
 * the selection may come from the folder.
 */
export async function selectedPython(): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonApi>('ms-python.python');
  if (!extension || !workspace.isTrusted) {
    return undefined;
  }
  try {
    const { environments } = await extension.activate();
    const selected = environments.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
    const environment = await environments.resolveEnvironment(selected);
    return environment?.executable.uri?.fsPath;
  } catch {
    // An incompatible version of that extension counts as not installed.
    return undefined;
  }
}

/** The part of the Python extension's API that is used here. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: unknown): unknown;
    resolveEnvironment(path: unknown): Promise<{ executable: { uri?: { fsPath: string } } } | undefined>;
  };
}

async function askVersion(command: string, run: Run): Promise<Python | undefined> {
  try {
    const answer = await run([command, '-c', ASK_VERSION]);
    const match = /^(.+)\|(\d+)\.(\d+)\s*$/m.exec(answer);
    return match ? { path: match[1]!, version: [Number(match[2]), Number(match[3])] } : undefined;
  } catch {
    return undefined;
  }
}

function compare(first: readonly [number, number], second: readonly [number, number]): number {
  return first[0] - second[0] || first[1] - second[1];
}
