-- Defines `:Fathom` and the <Plug> mappings. Everything else is loaded when one of them is first used.

if vim.g.loaded_fathom then
  return
end
vim.g.loaded_fathom = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.api.nvim_echo({ { 'Fathom needs Neovim 0.11 or later.', 'WarningMsg' } }, true, {})
  return
end

vim.api.nvim_create_user_command('Fathom', function(command)
  require('fathom.command').run(command)
end, {
  nargs = '*',
  bang = true,
  range = true,
  desc = 'Search this project by meaning',
  complete = function(lead, line, cursor)
    return require('fathom.command').complete(lead, line, cursor)
  end,
})

local map = vim.keymap.set
map('n', '<Plug>(fathom-search)', '<Cmd>Fathom search<CR>', { desc = 'Fathom: search by meaning' })
map('x', '<Plug>(fathom-search)', "<Cmd>lua require('fathom.search').selection()<CR>", {
  desc = 'Fathom: search for the selection',
})
map('n', '<Plug>(fathom-operator)', "v:lua.require'fathom'.operator()", {
  expr = true,
  desc = 'Fathom: search for what a motion covers',
})
map('n', '<Plug>(fathom-similar)', '<Cmd>Fathom similar<CR>', { desc = 'Fathom: similar functions' })
map('n', '<Plug>(fathom-diff)', '<Cmd>Fathom diff<CR>', { desc = 'Fathom: compare with similar functions' })
map('n', '<Plug>(fathom-duplicates)', '<Cmd>Fathom duplicates<CR>', { desc = 'Fathom: copies of functions' })
