-- A Neovim to test in: a child process with the plugin and nothing of the user's, driven by keys and seen by its screen.

local MiniTest = require('mini.test')

local M = {}

local HERE = vim.fs.dirname(vim.fs.abspath(debug.getinfo(1, 'S').source:sub(2)))
local PLUGIN = vim.fs.normalize(HERE .. '/../../../editors/neovim')
local WAIT_MS = 60000
local POLL_MS = 20

---@class test.Editor
---@field child table mini.test's child
local Editor = {}
Editor.__index = Editor

---The folders of plugins by name: real ones out of Debian packages, and stubs of those that no registry has.
---@type table<string, string[]>
local PLUGINS = {
  telescope = { vim.env.TEST_TOOLS .. '/usr/share/neovim-telescope', vim.env.TEST_TOOLS .. '/usr/share/neovim-plenary' },
  stubs = { HERE .. '/stubs' },
}

---@class test.Options
---@field project string the working directory
---@field files? string[] to open
---@field plugins? string[] names
---@field before? string Lua that runs before plugins are loaded
---@field columns? integer
---@field lines? integer

---@param options test.Options
---@return test.Editor
function M.open(options)
  local child = MiniTest.new_child_neovim()
  local arguments = { '-i', 'NONE', '--cmd', ('cd %s | set runtimepath^=%s'):format(options.project, PLUGIN) }
  for _, name in ipairs(options.plugins or {}) do
    for _, folder in ipairs(PLUGINS[name]) do
      vim.list_extend(arguments, { '--cmd', 'set runtimepath+=' .. folder })
    end
  end
  local before = ('lua vim.o.columns, vim.o.lines = %d, %d; vim.o.shortmess = vim.o.shortmess .. "I"; vim.o.swapfile = false; vim.o.ruler = false; vim.o.statusline = "%%f %%m"; %s'):format(
    options.columns or 110,
    options.lines or 28,
    options.before or ''
  )
  vim.list_extend(arguments, { '--cmd', before })
  child.start(arguments, { nvim_executable = vim.env.TEST_NVIM })
  local self = setmetatable({ child = child }, Editor)
  child.lua('_G.said = {}; vim.notify = function(text) table.insert(_G.said, text) end')
  for _, file in ipairs(options.files or {}) do
    child.cmd('edit ' .. file)
  end
  return self
end

---Back to how it was opened, but for the server, which goes on: for cases that can share an editor.
---@param files string[]
function Editor:reset(files)
  self:keys('<Esc>')
  self:lua([[
    _G.said = {}
    vim.g.fathom = nil
    vim.fn.setqflist({}, 'f')
    vim.cmd('silent! tabonly | silent! only | silent! %bwipeout!')
  ]])
  for _, file in ipairs(files) do
    self.child.cmd('edit ' .. file)
  end
end

function Editor:close()
  self.child.stop()
end

---Runs Lua in the editor.
---@param code string
---@param arguments? any[]
---@return any
function Editor:lua(code, arguments)
  return self.child.lua(code, arguments or {})
end

---Presses keys, one after the other.
---@param ... string
function Editor:keys(...)
  self.child.type_keys(...)
end

---@return string[] lines as they are seen
function Editor:screen()
  local shot = self.child.get_screenshot()
  return vim.tbl_map(function(cells)
    return (table.concat(cells):gsub('%s+$', ''))
  end, shot.text)
end

---Waits until something is so; an error tells what was said and seen instead.
---@param what string
---@param condition fun(): any
---@return any what the condition returned
function Editor:wait(what, condition)
  local value
  local came = vim.wait(WAIT_MS, function()
    value = condition()
    return value and true or false
  end, POLL_MS)
  if not came then
    error(
      ('waited in vain for %s\nsaid: %s\n%s'):format(what, vim.inspect(self:said()), table.concat(self:screen(), '\n')),
      2
    )
  end
  return value
end

---Waits until a Lua expression is true in the editor.
---@param expression string
function Editor:wait_lua(expression)
  return self:wait(expression, function()
    local value = self:lua('return ' .. expression)
    return value ~= vim.NIL and value
  end)
end

---Waits until a text is on the screen.
---@param text string plain
function Editor:wait_screen(text)
  self:wait(('%q on the screen'):format(text), function()
    return table.concat(self:screen(), '\n'):find(text, 1, true)
  end)
end

---@return string[] messages of the plugin
function Editor:said()
  return self:lua('return _G.said')
end

---Waits until all functions of the project are covered at every stage. Windows and history, which come after, are not
---waited for.
function Editor:wait_indexed()
  self:wait('a complete index', function()
    self:lua([[
      _G.indexed = nil
      require('fathom.client').request('fathom/status', vim.empty_dict, function(problem, status)
        _G.status = problem or status
        local root = status and status.roots[1]
        _G.indexed = root and root.state == 'ready' and not root.indexing and vim.iter(root.coverage):all(function(part)
          return part.done == part.total
        end)
      end)
    ]])
    return self:lua('return vim.wait(1000, function() return _G.indexed ~= nil end, 10) and _G.indexed')
  end)
end

---@return { title: string, items: { path: string, lnum: integer, text: string }[] }
function Editor:quickfix()
  return self:lua([[
    local list = vim.fn.getqflist({ title = 0, items = 0 })
    return { title = list.title, items = vim.tbl_map(function(item)
      return { path = vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ':.'), lnum = item.lnum, text = item.text }
    end, list.items) }
  ]])
end

---The results that a fake server gives for `fathom/search` and the like.
---@param names string[] of functions, in this order
---@param complete? boolean
---@return table
function M.results(names, complete)
  local start = { line = 0, character = 0 }
  return {
    indexing = false,
    complete = complete ~= false,
    results = vim.tbl_map(function(name)
      return {
        path = 'parcels/geo.py',
        startLine = 6,
        endLine = 11,
        name = name,
        qualifiedName = name,
        kind = 'function',
        language = 'python',
        score = 0.5,
        signature = 'def ' .. name .. '()',
        snippet = '',
        location = {
          uri = vim.uri_from_fname(M.project('parcels') .. '/parcels/geo.py'),
          range = { start = start, ['end'] = start },
        },
      }
    end, names),
  }
end

---Has a server that gives prepared answers take the place of the real one; see fake_server.py.
---@param answers table<string, table[]> by method
---@return string lua to run before anything else
---@return string log file of all that the server is told
function M.fake(answers)
  local folder = vim.fn.tempname()
  vim.fn.mkdir(folder, 'p')
  local script, log = folder .. '/answers.json', folder .. '/log.jsonl'
  vim.fn.writefile({ vim.json.encode(answers) }, script)
  vim.fn.writefile({}, log)
  local cmd = { vim.env.TEST_PYTHON, vim.fs.normalize(HERE .. '/../fake_server.py'), script, log }
  return ('vim.g.fathom = { cmd = vim.json.decode([==[%s]==]) }'):format(vim.json.encode(cmd)), log
end

---A fresh copy of a project that is always at the same place, so that it is indexed once.
---@param name string
---@return string folder
function M.project(name)
  return vim.env.TEST_PROJECTS .. '/' .. name
end

---Compares the screen with what it was when somebody looked at it last, `screens/NAME.txt`. With UPDATE_SCREENS=1 writes
---that file instead.
---@param name string
function Editor:expect_screen(name)
  local path = ('%s/screens/%s.txt'):format(HERE, name)
  local seen = self:screen()
  if vim.env.UPDATE_SCREENS == '1' then
    vim.fn.mkdir(vim.fs.dirname(path), 'p')
    vim.fn.writefile(seen, path)
  end
  MiniTest.expect.equality(table.concat(seen, '\n'), table.concat(vim.fn.readfile(path), '\n'))
end

return M
