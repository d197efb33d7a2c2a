-- Finding the server, or saying that it is not there, and installing it.

local MiniTest = require('mini.test')
local editor = require('editor')

local equal = MiniTest.expect.equality

local e ---@type test.Editor
local folder ---@type string a project of its own

local T = MiniTest.new_set({
  hooks = {
    pre_case = function()
      folder = vim.fn.tempname()
      vim.fn.mkdir(folder .. '/bin', 'p')
      vim.fn.writefile({ 'x = 1' }, folder .. '/one.py')
      vim.fn.writefile({ 'y = 1' }, folder .. '/two.py')
      vim.fn.writefile({}, folder .. '/.fathomignore')
    end,
    post_case = function()
      e:close()
    end,
  },
})

---Only what a test puts into it is on this PATH.
---@param before? string
local function open(before)
  e = editor.open({ project = folder, before = ("vim.env.PATH = '%s/bin'; %s"):format(folder, before or '') })
end

---Writes a program.
---@param path string
---@param lines string[]
local function program(path, lines)
  vim.fn.mkdir(vim.fs.dirname(path), 'p')
  vim.fn.writefile(vim.list_extend({ '#!/bin/sh' }, lines), path)
  vim.fn.setfperm(path, 'rwxr-xr-x')
end

---The command that `find` gives for the project.
---@param ask? boolean
---@return string[]? cmd
local function found(ask)
  return e:lua(
    [[local server = require('fathom.server').find(...); return server and server.cmd or vim.NIL]],
    { folder, ask or false }
  )
end

T['a missing server is said once, and files are opened all the same'] = function()
  open()
  e:lua([[vim.lsp.enable('fathom'); vim.cmd.edit('one.py'); vim.cmd.edit('two.py')]])
  equal(#e:said(), 1)
  equal(e:said()[1]:find(':Fathom install', 1, true) ~= nil, true)
  equal(e:lua('return #vim.lsp.get_clients()'), 0)
  equal(e:lua('return vim.api.nvim_buf_get_lines(0, 0, -1, false)'), { 'y = 1' })
end

T['a setting goes before the PATH, the PATH before everything else'] = function()
  open()
  local managed = e:lua([[return require('fathom.server').program_in(require('fathom.server').managed_environment())]])
  program(managed, {})
  equal(found(), { managed })
  program(folder .. '/bin/fathom-lsp', {})
  equal(found(), { folder .. '/bin/fathom-lsp' })
  program(folder .. '/mine', {})
  e:lua('vim.g.fathom = { cmd = { ... } }', { folder .. '/mine' })
  equal(found(), { folder .. '/mine' })
  vim.fn.delete(managed)
end

T["a project's own server runs only when the user has agreed"] = function()
  open()
  local own = folder .. '/.venv/bin/fathom-lsp'
  program(own, {})
  e:lua('_G.asked = 0; vim.fn.confirm = function() _G.asked = _G.asked + 1; return _G.answer end; _G.answer = 0')
  equal(found(false), vim.NIL)
  equal(e:lua('return _G.asked'), 0)
  equal(found(true), vim.NIL)
  e:lua('_G.answer = 1')
  equal(found(true), { own })
  equal(found(false), { own })
  equal(e:lua('return _G.asked'), 2)
end

---What is said when a server names a version of the protocol.
---@param version integer?
---@return string[]
local function said_for(version)
  local experimental = version and { fathom = { version = version } } or vim.empty_dict()
  local before = editor.fake({
    initialize = {
      {
        result = { capabilities = { experimental = experimental }, serverInfo = { name = 'fathom', version = '0.9.1' } },
      },
    },
    ['fathom/search'] = { { result = editor.results({}) } },
  })
  open(before)
  e:keys(':Fathom search x<CR>')
  e:wait_lua([[vim.list_contains(_G.said, 'Fathom: no results.')]])
  local said = e:said()
  e:close()
  return said
end

T['a server that speaks another protocol is said'] = function()
  equal(#said_for(1), 1)
  local newer, older = said_for(2)[1], said_for(nil)[1]
  equal(newer:find('the server (version 0.9.1)', 1, true) ~= nil, true)
  equal(newer:find('Update the plugin.', 1, true) ~= nil, true)
  equal(older:find('Update the server, with ":Fathom install"', 1, true) ~= nil, true)
end

T['a server that ends in the middle of a search is said'] = function()
  local before = editor.fake({ ['fathom/search'] = { { exit = 3 } } })
  open(before)
  e:keys(':Fathom search x<CR>')
  e:wait_lua([[vim.list_contains(_G.said, 'Fathom: the server has stopped. See :Fathom log')]])
end

T['installing asks first'] = function()
  open()
  program(folder .. '/bin/uv', { 'echo "$@" >> ' .. folder .. '/calls' })
  e:lua('vim.fn.confirm = function(text) _G.question = text; return 2 end')
  e:keys(':Fathom install<CR>')
  equal(e:said(), { 'Fathom: nothing was installed.' })
  equal(e:lua('return _G.question'):find('350 MB', 1, true) ~= nil, true)
  equal(vim.uv.fs_stat(folder .. '/calls'), nil)
end

T['installing with uv'] = function()
  open()
  program(folder .. '/bin/uv', { 'echo "$@" >> ' .. folder .. '/calls' })
  e:lua('vim.fn.confirm = function() return 1 end')
  e:keys(':Fathom install /some/where<CR>')
  e:wait_lua([[_G.said[2] == 'Fathom: installed. Search with :Fathom search.']])
  local environment = e:lua([[return require('fathom.server').managed_environment()]])
  equal(vim.fn.readfile(folder .. '/calls'), {
    'venv --clear ' .. environment,
    ('pip install --python %s/bin/python /some/where'):format(environment),
  })
end

T['installing with pip'] = function()
  open()
  -- The environment's Python is a copy of this one.
  program(folder .. '/bin/python3', {
    'echo "$@" >> ' .. folder .. '/calls',
    'case "$2" in venv) /bin/mkdir -p "$4/bin"; /bin/cp "$0" "$4/bin/python";; esac',
  })
  e:lua('vim.fn.confirm = function() return 1 end')
  e:keys(':Fathom install<CR>')
  e:wait_lua([[_G.said[2] == 'Fathom: installed. Search with :Fathom search.']])
  local calls = vim.fn.readfile(folder .. '/calls')
  equal(calls[1]:find('-m venv --clear', 1, true), 1)
  -- This plugin lies in the repository of its server, which is what it installs then.
  equal(calls[2], '-m pip install --disable-pip-version-check ' .. vim.fs.normalize(vim.env.TEST_REPOSITORY))
end

T['an installation that fails says what failed'] = function()
  open()
  program(folder .. '/bin/uv', { 'echo "no room on the disk" >&2', 'exit 1' })
  e:lua('vim.fn.confirm = function() return 1 end')
  e:keys(':Fathom install<CR>')
  e:wait_lua([[#_G.said == 2 and _G.said[2]:find('the installation failed: uv venv .*no room on the disk')]])
end

T['settings can be given to setup, and are checked'] = function()
  open()
  e:lua([[require('fathom').setup({ picker = 'list', limit = 7 })]])
  equal(e:lua([[return require('fathom.config').read().limit]]), 7)
  e:lua([[require('fathom').setup({ picker = 'vim' })]])
  equal(e:said()[1]:find('vim.g.fathom.picker must be one of auto, telescope', 1, true) ~= nil, true)
  equal(e:lua([[return require('fathom.config').read().limit]]), 7)
end

return T
