-- Read by `vim.lsp.enable('fathom')`. Override any field with `vim.lsp.config('fathom', { ... })`.

---@type vim.lsp.Config
return {
  -- The setting `cmd`, $PATH, the project's virtual environment, or the server of `:Fathom install`.
  cmd = function(dispatchers, config)
    return require('fathom.server').start(dispatchers, config)
  end,
  filetypes = {
    'astro',
    'bash',
    'c',
    'cpp',
    'cs',
    'cuda',
    'dart',
    'elixir',
    'fsharp',
    'gdscript',
    'go',
    'haskell',
    'hcl',
    'java',
    'javascript',
    'javascriptreact',
    'julia',
    'kotlin',
    'lua',
    'nix',
    'objc',
    'objcpp',
    'ocaml',
    'perl',
    'php',
    'ps1',
    'python',
    'ruby',
    'rust',
    'scala',
    'sh',
    'solidity',
    'sql',
    'svelte',
    'swift',
    'terraform',
    'typescript',
    'typescriptreact',
    'vue',
    'zig',
    'zsh',
  },
  -- The repository takes precedence over a package in it, so that a search covers all of a monorepo.
  root_markers = {
    { '.git', '.hg', '.jj', '.svn' },
    { 'Cargo.toml', 'go.mod', 'package.json', 'pyproject.toml', 'setup.py', 'pom.xml', 'build.gradle' },
    '.fathomignore',
  },
  -- Opening a file outside any project must not index its folder.
  workspace_required = true,
  -- Uses the `root_markers`. Reports a missing server once instead of for each file.
  root_dir = function(bufnr, on_dir)
    require('fathom.server').root_dir(bufnr, on_dir)
  end,
  capabilities = { experimental = { fathomStatus = true } },
  handlers = {
    ['$/progress'] = function(err, params, context)
      return require('fathom.progress').on_progress(err, params, context)
    end,
    ['fathom/status'] = function(_, params, context)
      require('fathom.progress').on_status(params, context)
    end,
  },
  before_init = function(_, config)
    require('fathom.server').expect_answer(config)
  end,
  on_init = function(client)
    require('fathom.server').check_version(client)
  end,
  on_exit = function(_, _, client_id)
    -- Called in a context where API functions are not allowed.
    vim.schedule(function()
      require('fathom.progress').gone(client_id)
      require('fathom.client').gone(client_id)
    end)
  end,
}
