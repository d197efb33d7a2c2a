-- A real project: packages of the standard library of Python, with a real server that is edited under and loses its
-- indexer.

local MiniTest = require('mini.test')
local editor = require('editor')

local equal = MiniTest.expect.equality

local e ---@type test.Editor

local T = MiniTest.new_set({
  hooks = {
    pre_once = function()
      e = editor.open({ project = editor.project('code'), plugins = { 'telescope' }, columns = 140 })
    end,
    pre_case = function()
      e:reset({})
    end,
    post_once = function()
      e:close()
    end,
  },
})

---@param words string
---@param name string that must be among the first ten
local function finds(words, name)
  e:keys((':Fathom! search %s<CR>'):format(words))
  e:wait(name, function()
    local list = e:quickfix()
    for position = 1, list.title == 'Fathom: ' .. words and math.min(10, #list.items) or 0 do
      if vim.startswith(list.items[position].text, name) then
        return true
      end
    end
  end)
  e:keys(':cclose<CR>')
end

T['progress is told while the index is made'] = function()
  e:lua([[
    _G.lines = {}
    vim.api.nvim_create_autocmd('User', { pattern = 'FathomStatus', callback = function()
      table.insert(_G.lines, require('fathom').statusline())
    end })
    _G.lsp = {}
    vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
      table.insert(_G.lsp, event.data.params.value.kind)
    end })
  ]])
  equal(e:lua([[return require('fathom').statusline()]]), '')
  e:lua([[vim.cmd.edit('json/decoder.py')]])
  e:wait_indexed()
  e:wait_lua([[vim.list_contains(_G.lsp, 'begin') and vim.list_contains(_G.lsp, 'end')]])
  e:wait_lua([[_G.lines[#_G.lines] == 'Fathom']])
  local seen = e:lua('return table.concat(_G.lines, " ")')
  equal(seen:find('Fathom %d+%%%%') ~= nil, true)
end

T['functions are found by what they do'] = function()
  e:wait_indexed()
  finds('join a base URL and a relative one', 'urljoin')
  finds('write an object as JSON to a file', 'dump')
end

T['what was typed just now is found by its new meaning'] = function()
  e:wait_indexed()
  e:lua([[vim.cmd.edit('json/decoder.py')]])
  e:lua('vim.o.paste = true')
  e:keys('Go<CR>def tally(sentence):<CR>    # How often each vowel occurs in a sentence.<CR>')
  e:keys('    return {letter: sentence.count(letter) for letter in "aeiou"}<Esc>')
  equal(e:lua('return vim.bo.modified'), true)
  finds('count the vowels of a sentence', 'tally')
  -- Taken back, it is found no more.
  e:keys('u')
  e:keys(':Fathom! search count the vowels of a sentence<CR>')
  e:wait('results without it', function()
    local items = e:quickfix().items
    return #items > 0
      and not vim.iter(items):any(function(item)
        return vim.startswith(item.text, 'tally')
      end)
  end)
end

T['an indexer that is killed is replaced'] = function()
  e:wait_indexed()
  local first = e:lua('return _G.status.roots[1].pid')
  vim.uv.kill(first, 'sigkill')
  finds('join a base URL and a relative one', 'urljoin')
  e:wait_indexed()
  equal(e:lua('return _G.status.roots[1].pid') ~= first, true)
end

T['a server that is killed is started anew'] = function()
  e:wait_indexed()
  e:lua([[vim.lsp.get_clients({ name = 'fathom' })[1]:stop(true)]])
  e:wait_lua([[#vim.lsp.get_clients({ name = 'fathom' }) == 0]])
  finds('join a base URL and a relative one', 'urljoin')
end

T['status, reindex and logs'] = function()
  e:wait_indexed()
  e:keys(':Fathom reindex<CR>')
  e:wait_lua([[_G.said[1] == 'Fathom: all files are being indexed again.']])
  e:wait_indexed()
  e:keys(':Fathom log<CR>')
  e:wait_lua([[vim.fn.expand('%:t') == 'lsp.log' and vim.bo.readonly]])
  e:keys(':tabclose<CR>', ':Fathom log indexer<CR>')
  e:wait_lua([[vim.fn.expand('%:t') == 'indexer.log' and vim.bo.readonly]])
  e:keys(':tabclose<CR>', ':Fathom log nothing<CR>')
  e:wait_lua([[_G.said[2] == 'Fathom: no log "nothing". There are: server, indexer']])
end

T['checkhealth'] = function()
  e:wait_indexed()
  e:keys(':checkhealth fathom<CR>')
  e:wait_lua([[vim.bo.filetype == 'checkhealth' and vim.fn.search('pickers', 'nw') > 0]])
  local report = table.concat(e:lua('return vim.api.nvim_buf_get_lines(0, 0, -1, false)'), '\n')
  for _, said in ipairs({
    'the settings are valid',
    'found through $PATH',
    'which matches this plugin',
    'all checks passed',
    'grammars: all',
    'by meaning 100 %',
    'telescope, which is used',
    'snacks is not installed',
  }) do
    equal(report:find(said, 1, true) and said, said)
  end
  equal(report:find('ERROR'), nil)
end

return T
