-- Searching without any picker: quickfix and location lists, `vim.ui.select`, selections, motions and plain `vim.lsp`.

local MiniTest = require('mini.test')
local editor = require('editor')

local equal = MiniTest.expect.equality

local e ---@type test.Editor

local T = MiniTest.new_set({
  hooks = {
    pre_once = function()
      e = editor.open({ project = editor.project('parcels'), files = { 'parcels/geo.py' } })
      e:wait_indexed()
    end,
    post_once = function()
      e:close()
    end,
  },
})

---@param settings string Lua of the table `vim.g.fathom`
local function open(settings)
  e:reset({ 'parcels/geo.py' })
  e:lua('vim.g.fathom = ' .. settings)
end

T['the quickfix list'] = function()
  open('{ limit = 1 }')
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_screen('with_backoff')
  e:expect_screen('quickfix')
  e:keys('<CR>')
  e:wait_lua([[vim.fn.expand('%:.') == 'parcels/network.py' and vim.fn.line('.') == 10]])
  equal(e:said(), {})
end

T['words are asked for'] = function()
  open('{ limit = 4 }')
  e:keys(':Fathom search<CR>')
  e:wait_screen('Fathom search:')
  e:keys('try once more after a failure<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().title, 'Fathom: try once more after a failure')
end

T['the location list'] = function()
  open([[{ list = 'loclist' }]])
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_lua([[vim.fn.getwininfo(vim.api.nvim_get_current_win())[1].loclist == 1]])
  equal(e:quickfix().items, {})
end

T['vim.ui.select'] = function()
  open([[{ picker = 'select', limit = 3 }]])
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_screen('Type number')
  e:keys('1<CR>')
  e:wait_lua([[vim.fn.expand('%:.') == 'parcels/network.py' and vim.fn.line('.') == 10]])
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_screen('4: all of them into the quickfix list')
  e:keys('4<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(#e:quickfix().items, 3)
end

T['a selection is searched for'] = function()
  open('{}')
  e:lua([[vim.keymap.set('x', 'gs', '<Plug>(fathom-search)')]])
  e:keys('7G', 'f"fKvt,', 'gs')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().title, 'Fathom: Kilometres between two (latitude')
end

T['a motion is searched for'] = function()
  open('{}')
  e:lua([[vim.keymap.set('n', 'gs', '<Plug>(fathom-operator)')]])
  e:keys('7G', 'fK', 'gs2e')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().title, 'Fathom: Kilometres between')
end

T['lines are searched for'] = function()
  open('{}')
  e:keys(':10,11Fathom search<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().title:sub(1, 26), 'Fathom: a = sin((lat2 - la')
end

T['vim.lsp alone'] = function()
  open('{}')
  e:lua([[vim.lsp.enable('fathom'); vim.cmd('edit parcels/text.py')]])
  e:wait_lua([[#vim.lsp.get_clients({ bufnr = 0 }) == 1]])
  e:lua([[vim.lsp.buf.workspace_symbol('try once more after a failure')]])
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().items[1].path, 'parcels/network.py')
end

T['two projects are searched each by itself'] = function()
  open('{}')
  e:keys(':Fathom search parse JSON<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(vim.startswith(e:quickfix().items[1].path, 'parcels/'), true)
  e:lua('vim.cmd.cclose(); vim.cmd.edit(...)', { editor.project('copies') .. '/parcels/geo.py' })
  e:wait_indexed()
  e:keys(':Fathom search how far apart are two places<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(vim.startswith(e:quickfix().items[1].path, editor.project('copies')), true)
  equal(e:lua([[return #vim.lsp.get_clients({ name = 'fathom' })]]), 2)
end

return T
