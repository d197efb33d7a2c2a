-- Read by `vim.lsp.enable('fathom')`. Override any field with `vim.lsp.config('fathom', { ... })`.

---@type vim.lsp.Config
return {
  cmd = { 'fathom-lsp' },
  filetypes = {
    'bash',
    'c',
    'cpp',
    'cs',
    'elixir',
    'go',
    'haskell',
    'java',
    'javascript',
    'javascriptreact',
    'julia',
    'kotlin',
    'lua',
    'ocaml',
    'php',
    'ps1',
    'python',
    'ruby',
    'rust',
    'scala',
    'sh',
    'swift',
    'typescript',
    'typescriptreact',
    'zig',
    'zsh',
  },
  -- The repository before the package inside it, so that a search covers all of a monorepo.
  root_markers = {
    { '.git', '.hg', '.jj', '.svn' },
    { 'Cargo.toml', 'go.mod', 'package.json', 'pyproject.toml', 'setup.py', 'pom.xml', 'build.gradle' },
    '.fathomignore',
  },
  -- Opening a stray file must not index the folder that it happens to lie in.
  workspace_required = true,
}
