-- Live search in the pickers: telescope as it is, the others as stubs of what they document.

local MiniTest = require('mini.test')
local editor = require('editor')

local equal = MiniTest.expect.equality
local results = editor.results
local T = MiniTest.new_set()

local e ---@type test.Editor

---@param options table
local function open(options)
  e = editor.open(vim.tbl_extend('keep', options, {
    project = editor.project('parcels'),
    plugins = { 'telescope' },
    columns = 140,
  }))
end

T['telescope'] = MiniTest.new_set({
  hooks = {
    post_case = function()
      e:close()
    end,
  },
})

T['telescope']['searches while words are typed, and shows the code'] = function()
  -- What comes after the first two is of no interest here.
  open({ files = { 'parcels/geo.py' }, before = 'vim.g.fathom = { limit = 2 }' })
  e:wait_indexed()
  e:keys(':Fathom search<CR>')
  e:wait_screen('Fathom ──')
  e:keys('how far apart')
  e:wait('one of the two distances', function()
    return table.concat(e:screen(), '\n'):find('> greatCircle') or table.concat(e:screen(), '\n'):find('> haversine')
  end)
  e:keys('<C-w>', '<C-w>', '<C-w>', 'try once more after a failure')
  e:wait_screen('> with_backoff')
  e:wait_screen('pause = first_pause')
  e:expect_screen('telescope')
  equal(e:said(), {})
end

T['telescope']['goes to the function, and back'] = function()
  open({ files = { 'parcels/geo.py' } })
  e:wait_indexed()
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_screen('> with_backoff')
  e:keys('<CR>')
  e:wait_lua([[vim.fn.expand('%:.') .. vim.fn.line('.') == 'parcels/network.py10']])
  e:keys('<C-o>')
  e:wait_lua([[vim.fn.expand('%:.') == 'parcels/geo.py']])
end

T['telescope']['sends everything to the quickfix list in the same order'] = function()
  open({ files = { 'parcels/geo.py' } })
  e:wait_indexed()
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_screen('> with_backoff')
  e:keys('<C-q>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().items[1].path, 'parcels/network.py')
  equal(e:quickfix().items[1].lnum, 10)
  equal(#e:quickfix().items > 5, true)
end

T['telescope']['is passed by with a bang'] = function()
  open({ files = { 'parcels/geo.py' } })
  e:wait_indexed()
  e:keys(':Fathom! search try once more after a failure<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:quickfix().items[1].path, 'parcels/network.py')
end

T['telescope']['sees what is not saved in the preview'] = function()
  open({ files = { 'parcels/network.py' } })
  e:wait_indexed()
  e:keys('/pause = first<CR>', 'ccwaiting = first_pause * 1000<Esc>')
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_screen('> with_backoff')
  e:wait_screen('│    waiting = first_pause * 1000')
end

T['telescope']['shows a first order, then the final one'] = function()
  local final = results({ 'beta', 'alpha', 'gamma' })
  local before = editor.fake({
    ['fathom/search'] = { { partial = results({ 'alpha', 'beta', 'gamma' }, false), result = final } },
  })
  open({ before = before })
  e:keys(':Fathom search x<CR>')
  e:wait_screen('> alpha')
  e:lua([[vim.lsp.get_clients({ name = 'fathom' })[1]:notify('test/go', {})]])
  e:wait_screen('> beta')
end

T['telescope']['stays on the function that was moved to when the final order comes'] = function()
  local final = results({ 'gamma', 'beta', 'alpha' })
  local before = editor.fake({
    ['fathom/search'] = { { partial = results({ 'alpha', 'beta', 'gamma' }, false), result = final } },
  })
  open({ before = before })
  e:keys(':Fathom search x<CR>')
  e:wait_screen('> alpha')
  e:keys('<Up>', '<Up>')
  e:wait_screen('> gamma')
  e:lua([[vim.lsp.get_clients({ name = 'fathom' })[1]:notify('test/go', {})]])
  e:wait('the final order', function()
    local screen = table.concat(e:screen(), '\n')
    return screen:find('  alpha') and screen:find('alpha.*beta.*> gamma')
  end)
end

T['telescope']['cancels what is not wanted any more'] = function()
  local before, log = editor.fake({
    ['fathom/search'] = { { wait = true }, { result = results({ 'beta' }) } },
  })
  open({ before = before })
  e:keys(':Fathom search<CR>')
  e:wait_screen('Fathom ──')
  e:keys('first')
  e:wait('the first request', function()
    return table.concat(vim.fn.readfile(log)):find('"query": "first"', 1, true)
  end)
  e:keys(' second')
  e:wait_screen('> beta')
  local _, cancelled = table.concat(vim.fn.readfile(log), '\n'):gsub('cancelRequest', '')
  equal(cancelled, 1)
  equal(e:said(), {})
end

T['telescope']['says once what is wrong'] = function()
  local before = editor.fake({ ['fathom/search'] = { { error = { code = -32803, message = 'the indexer is dead' } } } })
  open({ before = before })
  e:keys(':Fathom search<CR>')
  e:wait_screen('Fathom ──')
  e:keys('a')
  e:wait_lua('#_G.said == 1')
  e:keys('b')
  e:wait_lua([[require('telescope.actions.state').get_current_line() == 'ab']])
  equal(e:said(), { 'Fathom: the indexer is dead' })
end

T['telescope']['shows the copies of functions'] = function()
  open({ project = editor.project('copies') })
  e:wait_indexed()
  e:keys(':Fathom duplicates<CR>')
  e:wait_screen('1. renamed')
  e:expect_screen('duplicates')
end

---Runs a search in a stub picker and gives the lines that it shows.
---@param name string
---@return string[]
local function lines_of_stub(name)
  open({ plugins = { 'stubs' }, before = ("vim.g.fathom = { picker = '%s' }"):format(name) })
  e:wait_indexed()
  -- mini.pick's call comes back only when the picker is closed.
  e.child.api_notify.nvim_input(':Fathom search<CR>')
  e:wait_lua('_G.stub ~= nil')
  e:lua([[_G.stub:type('how far apart are two places')]])
  e:wait_lua('#_G.stub:lines() > 5')
  e:lua([[_G.stub:type('try once more after a failure')]])
  e:wait_lua([[(_G.stub:lines()[1] or ''):find('with_backoff')]])
  local lines = e:lua('return _G.stub:lines()')
  e:lua('_G.stub_closed = true')
  return lines
end

T['stub of snacks'] = function()
  equal(lines_of_stub('snacks')[1], 'with_backoff  parcels/network.py:10')
  local item = e:lua('local item = _G.stub.items[1]; item.value = nil; return item')
  equal(item.file, editor.project('parcels') .. '/parcels/network.py')
  equal(item.pos, { 10, 0 })
  e:close()
end

T['stub of snacks: the final order replaces the first one'] = function()
  local final = results({ 'beta', 'alpha' })
  local before = editor.fake({
    ['fathom/search'] = { { partial = results({ 'alpha', 'beta' }, false), result = final } },
  })
  open({ plugins = { 'stubs' }, before = before })
  e:keys(':Fathom search x<CR>')
  e:wait_lua([[_G.stub ~= nil and (_G.stub:lines()[1] or ''):find('alpha')]])
  e:lua([[vim.lsp.get_clients({ name = 'fathom' })[1]:notify('test/go', {})]])
  e:wait_lua([[(_G.stub:lines()[1] or ''):find('beta')]])
  e:close()
end

T['stub of mini.pick'] = function()
  equal(lines_of_stub('mini.pick')[1], 'with_backoff  parcels/network.py:10')
  e:lua('_G.shown = vim.api.nvim_create_buf(false, true); _G.stub.options.source.preview(_G.shown, _G.stub.items[1])')
  equal(e:lua('return vim.api.nvim_buf_get_lines(_G.shown, 9, 10, false)[1]:sub(1, 16)'), 'def with_backoff')
  e:close()
end

T['stub of fzf-lua'] = function()
  equal(
    lines_of_stub('fzf-lua')[1],
    'parcels/network.py:10:1: with_backoff  def with_backoff(action, attempts=5, first_pause=0.2):'
  )
  equal(e:lua('return _G.stub.ended'), true)
  e:close()
end

T['the first picker that is installed is taken'] = function()
  open({ plugins = { 'stubs', 'telescope' } })
  equal(
    e:lua(
      [[return require('fathom.pickers').choose(require('fathom.config').read()) == require('fathom.pickers.snacks')]]
    ),
    true
  )
  e:lua([[vim.g.fathom = { picker = 'telescope' }]])
  equal(
    e:lua(
      [[return require('fathom.pickers').choose(require('fathom.config').read()) == require('fathom.pickers.telescope')]]
    ),
    true
  )
  e:close()
end

T['a picker that is not installed is said, and the list is used'] = function()
  open({ plugins = {}, before = [[vim.g.fathom = { picker = 'snacks' }]] })
  e:wait_indexed()
  e:keys(':Fathom search try once more after a failure<CR>')
  e:wait_lua([[vim.bo.buftype == 'quickfix']])
  equal(e:said()[1], 'Fathom: the picker snacks is not installed. Results go into the list.')
  e:close()
end

return T
