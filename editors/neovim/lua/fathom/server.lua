-- Finds the server, and checks whether it is compatible with this plugin.

local config = require('fathom.config')
local message = require('fathom.message')

local M = {}

---The version of the server that this plugin came with, and the protocol that it speaks.
M.VERSION = '0.1.0'
M.PROTOCOL = 1

local NAME = 'fathom-lsp'
local WINDOWS = vim.fn.has('win32') == 1

---@class fathom.Server
---@field cmd string[]
---@field source string where it was found, for the user

---What was already told to the user, who need not read it for each file that is opened.
---@type table<string, boolean>
local told = {}

---The language client's configuration: lsp/fathom.lua and what the user has changed of it.
---@return vim.lsp.Config
function M.lsp_config()
  ---@diagnostic disable-next-line: undefined-field
  return assert(vim.lsp.config.fathom)
end

---The program in a virtual environment.
---@param environment string
---@return string
function M.program_in(environment)
  return vim.fs.joinpath(environment, WINDOWS and 'Scripts' or 'bin', WINDOWS and NAME .. '.exe' or NAME)
end

---The virtual environment that `:Fathom install` makes.
---@return string
function M.managed_environment()
  return vim.fs.joinpath(vim.fn.stdpath('data') --[[@as string]], 'fathom', 'venv')
end

---@return string file that holds the programs of projects that the user agreed to run
local function trusted_file()
  return vim.fs.joinpath(vim.fn.stdpath('state') --[[@as string]], 'fathom', 'trusted.json')
end

---@return table<string, boolean> by program
local function trusted()
  local opened, lines = pcall(vim.fn.readfile, trusted_file())
  local text = opened and table.concat(lines --[[@as string[] ]], '\n') or '{}'
  local decoded, programs = pcall(vim.json.decode, text)
  return decoded and type(programs) == 'table' and programs or {}
end

---Whether a program that came with a project may run. Opening a file of a stranger's project must not start what it
---holds, so the user is asked, once, and only when they asked for something themselves.
---@param program string
---@param ask boolean
---@return boolean
local function may_run(program, ask)
  local programs = trusted()
  if programs[program] ~= nil or not ask then
    return programs[program] == true
  end
  local answer = vim.fn.confirm(
    ('Fathom: this project has a server of its own,\n%s\nRun it?'):format(program),
    '&Yes\n&No, never',
    2
  )
  if answer == 0 then
    return false
  end
  programs[program] = answer == 1
  vim.fn.mkdir(vim.fs.dirname(trusted_file()), 'p')
  vim.fn.writefile({ vim.json.encode(programs) }, trusted_file())
  return answer == 1
end

---@return string what to do about a missing server
local function missing()
  return ('no server (%s) was found. ":Fathom install" installs it, or set its path: '):format(NAME)
    .. "vim.g.fathom = { cmd = { '/path/to/fathom-lsp' } }. See :help fathom-install"
end

---Finds the server: the setting `cmd`, $PATH, the project's virtual environment, the one of `:Fathom install`.
---@param root? string the project
---@param ask? boolean whether the user may be asked about a project's own server
---@return fathom.Server? server
---@return string? problem
function M.find(root, ask)
  local settings, problem = config.read()
  if not settings then
    return nil, problem
  end
  if settings.cmd then
    if vim.fn.executable(settings.cmd[1]) == 0 then
      return nil, ('the server %q of vim.g.fathom.cmd was not found'):format(settings.cmd[1])
    end
    return { cmd = settings.cmd, source = 'the setting cmd' }
  end

  local on_path = vim.fn.exepath(NAME)
  if on_path ~= '' then
    return { cmd = { on_path }, source = '$PATH' }
  end

  for _, folder in ipairs({ '.venv', 'venv' }) do
    local program = M.program_in(vim.fs.joinpath(root or '', folder))
    if root and vim.fn.executable(program) == 1 and may_run(program, ask or false) then
      return { cmd = { program }, source = "the project's virtual environment" }
    end
  end

  local managed = M.program_in(M.managed_environment())
  if vim.fn.executable(managed) == 1 then
    return { cmd = { managed }, source = ':Fathom install' }
  end
  return nil, missing()
end

---@param text string
local function tell_once(text)
  if not told[text] then
    told[text] = true
    message.warn(text)
  end
end

---The project of a file, for `vim.lsp.enable`: the callback is not called where nothing is to be started.
---@param bufnr integer
---@param on_dir fun(root: string)
function M.root_dir(bufnr, on_dir)
  local lsp_config = M.lsp_config()
  local root = vim.fs.root(bufnr, lsp_config.root_markers or {})
  if not root then
    return
  end
  local problem = M.problem(lsp_config, root)
  if problem then
    return tell_once(problem)
  end
  on_dir(root)
end

---Why the server of a configuration cannot be started, if so.
---@param lsp_config vim.lsp.Config
---@param root? string
---@param ask? boolean
---@return string? problem
function M.problem(lsp_config, root, ask)
  local cmd = lsp_config.cmd
  if type(cmd) == 'table' then
    local there = vim.fn.executable(cmd[1]) == 1
    return not there and ("the server %q of vim.lsp.config('fathom').cmd was not found"):format(cmd[1]) or nil
  end
  local _, problem = M.find(root, ask)
  return problem
end

---Starts the server that `find` finds.
---@param dispatchers vim.lsp.rpc.Dispatchers
---@param lsp_config vim.lsp.ClientConfig
---@return vim.lsp.rpc.PublicClient
function M.start(dispatchers, lsp_config)
  local server, problem = M.find(lsp_config.root_dir)
  if not server then
    error('Fathom: ' .. problem, 0)
  end
  return vim.lsp.rpc.start(server.cmd, dispatchers, { cwd = lsp_config.cmd_cwd, env = lsp_config.cmd_env })
end

---Milliseconds after which the user is told that a server has not answered yet. A loaded machine may need some seconds.
M.SILENCE_MS = 15000

---The clients of all servers, those that have not answered yet, too.
---@return vim.lsp.Client[]
function M.clients()
  ---@diagnostic disable-next-line: missing-fields, assign-type-mismatch
  return vim.lsp.get_clients({ name = 'fathom', _uninitialized = true })
end

---Called when a server was started and before it is greeted: says so when it does not answer.
---@param lsp_config vim.lsp.ClientConfig
function M.expect_answer(lsp_config)
  vim.defer_fn(function()
    for _, client in ipairs(M.clients()) do
      if client.config == lsp_config and not client.initialized and not client:is_stopped() then
        message.warn('the server was started, but does not answer. See :Fathom log, or try :Fathom restart')
      end
    end
  end, M.SILENCE_MS)
end

---Says so when a server speaks another protocol than this plugin.
---@param client vim.lsp.Client
function M.check_version(client)
  local theirs = vim.tbl_get(client.server_capabilities or {}, 'experimental', 'fathom', 'version') or 0
  if theirs == M.PROTOCOL then
    return
  end
  local version = client.server_info and client.server_info.version or 'unknown'
  local older = theirs < M.PROTOCOL and 'the server, with ":Fathom install" or as you installed it' or 'the plugin'
  tell_once(
    ('the server (version %s) and this plugin (made for version %s) are not compatible. Update %s.'):format(
      version,
      M.VERSION,
      older
    )
  )
end

return M
