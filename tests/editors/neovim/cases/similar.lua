-- Functions that are like another one: in a list, and side by side.

local MiniTest = require('mini.test')
local editor = require('editor')

local equal = MiniTest.expect.equality

local e ---@type test.Editor

local T = MiniTest.new_set({
  hooks = {
    pre_once = function()
      e = editor.open({ project = editor.project('parcels'), columns = 150 })
      e:wait_indexed()
    end,
    pre_case = function()
      e:reset({ 'parcels/geo.py' })
      e:lua('vim.g.fathom = { limit = 3 }')
    end,
    post_once = function()
      e:close()
    end,
  },
})

T['a list of them'] = function()
  e:keys('9G', ':Fathom similar<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().title, 'Fathom: similar to haversine')
  local twin = vim.iter(e:quickfix().items):find(function(item)
    return vim.startswith(item.text, 'greatCircle')
  end)
  equal({ twin.path, twin.lnum }, { 'web/distance.ts', 5 })
end

T['side by side'] = function()
  e:keys('9G', ':Fathom diff<CR>')
  e:wait_screen('1 of')
  e:expect_screen('diff')
  e:keys(']]')
  e:wait_screen('2 of')
  e:keys('[[')
  e:wait_screen('1 of')
  e:keys('<CR>')
  e:wait_lua([[vim.fn.expand('%:.') == 'web/distance.ts' and #vim.api.nvim_list_wins() == 1]])
  equal(e:said(), {})
end

T['side by side, closed together'] = function()
  e:keys('9G', ':Fathom diff<CR>')
  e:wait_screen('1 of')
  equal(#e:lua('return vim.api.nvim_list_wins()'), 3)
  e:keys(':q<CR>')
  e:wait_lua('#vim.api.nvim_list_wins() == 1')
end

T['what was typed just now is laid beside the others'] = function()
  e:keys('9G', 'Ounsaved = lat1 + lon1<Esc>', ':Fathom diff<CR>')
  e:wait_screen('1 of')
  e:wait_screen('│    unsaved = lat1 + lon1')
end

T['outside a file there is nothing to compare'] = function()
  e:lua('vim.cmd.enew()')
  e:keys(':Fathom diff<CR>')
  equal(e:said(), { 'Fathom: this buffer is not a file. Put the cursor on a function in a file of the project.' })
end

T['duplicates'] = function()
  e:close()
  e = editor.open({ project = editor.project('copies'), files = { 'distance.py' } })
  e:wait_indexed()
  e:keys(':Fathom duplicates<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  local items = e:quickfix().items
  equal(items[1].text:match('^1%. %a+, %d+ tokens') ~= nil, true)
  equal(items[2].text:match('^1%. %d+ %% alike') ~= nil, true)
end

return T
