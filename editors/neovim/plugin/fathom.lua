-- Defines `:Fathom`. Everything else is loaded when the command is first used.

if vim.g.loaded_fathom then
  return
end
vim.g.loaded_fathom = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.api.nvim_echo({ { 'Fathom needs Neovim 0.11 or later.', 'WarningMsg' } }, true, {})
  return
end

vim.api.nvim_create_user_command('Fathom', function(invocation)
  require('fathom.command').run(invocation.args)
end, {
  nargs = '*',
  desc = 'Search this project by meaning',
  complete = function(lead, line, cursor)
    return require('fathom.command').complete(lead, line, cursor)
  end,
})
