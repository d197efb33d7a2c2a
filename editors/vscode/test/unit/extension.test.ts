import { beforeEach, describe, expect, it, vi } from 'vitest';
import manifest from '../../package.json';
import { commands, configurationChanged, workspace } from './vscode.mock';
import { Server } from '../../src/server/client';
import { activate, deactivate } from '../../src/extension';
import { memento, resetEditor } from './support';

vi.mock('vscode-languageclient/node', () => ({ ProgressType: class {} }));

function activateOnce() {
  const context = {
    subscriptions: [] as unknown[],
    extension: { packageJSON: manifest },
    globalStorageUri: { fsPath: '/storage' },
    workspaceState: memento(),
  };
  activate(context as never);
  return context;
}

describe('activate', () => {
  beforeEach(resetEditor);

  it('registers exactly the commands of the manifest', () => {
    activateOnce();
    const registered = commands.registerCommand.mock.calls.map(([name]) => name);
    expect(registered.sort()).toEqual(manifest.contributes.commands.map(({ command }) => command).sort());
  });

  it('starts the server for a folder, without a word when there is none', async () => {
    const start = vi.spyOn(Server.prototype, 'start').mockRejectedValue(new Error('missing'));
    activateOnce();
    expect(start).not.toHaveBeenCalled();
    workspace.workspaceFolders = [{}];
    activateOnce();
    expect(start).toHaveBeenCalledOnce();
  });

  it('restarts the server when its settings change', () => {
    const restart = vi.spyOn(Server.prototype, 'restart').mockResolvedValue();
    activateOnce();
    configurationChanged.fire({ affectsConfiguration: (section) => section === 'fathom.search' });
    expect(restart).not.toHaveBeenCalled();
    configurationChanged.fire({ affectsConfiguration: (section) => section === 'fathom.server' });
    expect(restart).toHaveBeenCalled();
  });

  it('stops the server at the end', async () => {
    const stop = vi.spyOn(Server.prototype, 'stop').mockResolvedValue();
    activateOnce();
    await deactivate();
    expect(stop).toHaveBeenCalledOnce();
  });
});
