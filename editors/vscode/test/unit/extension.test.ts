import { beforeEach, describe, expect, it, vi } from 'vitest';
import manifest from '../../package.json';
import { commands, configurationChanged, window, workspace } from './vscode.mock';
import { Server } from '../../src/server/client';
import { ServerNotFound } from '../../src/errors';
import { activate, deactivate } from '../../src/extension';
import { memento, resetEditor, settle } from './support';

vi.mock('vscode-languageclient/node', () => ({ ProgressType: class {} }));

function activateOnce(globalState = memento()) {
  const context = {
    subscriptions: [] as unknown[],
    extension: { packageJSON: manifest },
    globalStorageUri: { fsPath: '/storage' },
    workspaceState: memento(),
    globalState,
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

  it('starts the server where there is a folder', async () => {
    const start = vi.spyOn(Server.prototype, 'start').mockRejectedValue(new Error('crash'));
    activateOnce();
    expect(start).not.toHaveBeenCalled();
    workspace.workspaceFolders = [{}];
    activateOnce();
    await settle();
    expect(start).toHaveBeenCalledOnce();
    expect(window.showErrorMessage).not.toHaveBeenCalled();
  });

  it('opens the walkthrough the first time that there is no server', async () => {
    vi.spyOn(Server.prototype, 'start').mockRejectedValue(new ServerNotFound('missing', []));
    workspace.workspaceFolders = [{}];
    const globalState = memento();
    activateOnce(globalState);
    activateOnce(globalState);
    await settle();
    const opened = commands.executeCommand.mock.calls.filter(([name]) => name === 'fathom.openWalkthrough');
    expect(opened).toHaveLength(1);
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
