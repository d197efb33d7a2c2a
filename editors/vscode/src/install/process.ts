import { spawn } from 'node:child_process';
import { l10n } from 'vscode';

/** Runs a command and returns its output. Rejects with the end of the output if the command fails. */
export type Run = (command: string[]) => Promise<string>;

/** Runs commands and reports each line of their output. Aborting ends them. */
export function runner(signal?: AbortSignal, onLine: (line: string) => void = () => {}): Run {
  return ([command, ...args]) =>
    new Promise((resolve, reject) => {
      const child = spawn(command!, args, {
        ...(signal ? { signal } : {}),
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PYTHONIOENCODING: 'utf-8' },
        windowsHide: true,
      });
      let output = '';
      const take = (chunk: string) => {
        output += chunk;
        chunk
          .split(/\r?\n/)
          .filter((line) => line.trim())
          .forEach((line) => onLine(line.trim()));
      };
      child.stdout.setEncoding('utf8').on('data', take);
      child.stderr.setEncoding('utf8').on('data', take);
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0) {
          resolve(output);
        } else {
          const end = output.trim().split(/\r?\n/).slice(-5).join('\n');
          reject(new Error(end || l10n.t('{0} ended with {1}', command!, String(code))));
        }
      });
    });
}
