import { beforeEach, describe, expect, it } from 'vitest';
import { Uri, workspace } from './vscode.mock';
import { FunctionContent, withoutIndent } from '../../src/similar/compare';
import { resetEditor } from './support';

describe('withoutIndent', () => {
  it('takes away what all lines share', () => {
    expect(withoutIndent(['    def f():', '', '        return 1'])).toEqual(['def f():', '', '    return 1']);
    expect(withoutIndent(['\tx', '    y'])).toEqual(['\tx', '    y']);
    expect(withoutIndent([''])).toEqual(['']);
  });
});

describe('FunctionContent', () => {
  beforeEach(resetEditor);

  it('gives the lines of the document as they are now', async () => {
    workspace.openTextDocument.mockResolvedValue({ getText: () => 'class A:\n  def f(self):\r\n    pass\n  x = 1\n' });
    const query = JSON.stringify({ source: 'file:///project/a.py', start: 1, end: 3 });
    const uri = Uri.from({ scheme: 'fathom-function', path: '/project/a.py', query });
    expect(await new FunctionContent().provideTextDocumentContent(uri as never)).toBe('def f(self):\n  pass\n');
  });
});
