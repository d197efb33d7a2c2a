-- `:Fathom install`: installs the server into a virtual environment of the plugin, with uv or Python's venv and pip.

local message = require('fathom.message')
local server = require('fathom.server')

local M = {}

---The repository that this plugin lies in, if it does.
---@return string?
local function checkout()
  local here = assert(debug.getinfo(1, 'S')).source:sub(2)
  local root = vim.fs.normalize(vim.fs.joinpath(vim.fs.dirname(here), '../../../..'))
  return vim.uv.fs_stat(vim.fs.joinpath(root, 'server', 'fathom_server')) and root or nil
end

---@param environment string
---@return string
local function python_in(environment)
  return vim.fn.has('win32') == 1 and vim.fs.joinpath(environment, 'Scripts', 'python.exe')
    or vim.fs.joinpath(environment, 'bin', 'python')
end

---The commands that install, in order; nil where neither uv nor Python is there.
---@param environment string
---@param requirement string
---@return string[][]?
local function commands(environment, requirement)
  local python = python_in(environment)
  if vim.fn.executable('uv') == 1 then
    return {
      { 'uv', 'venv', '--clear', environment },
      { 'uv', 'pip', 'install', '--python', python, requirement },
    }
  end
  for _, program in ipairs({ 'python3', 'python' }) do
    if vim.fn.executable(program) == 1 then
      return {
        { program, '-m', 'venv', '--clear', environment },
        { python, '-m', 'pip', 'install', '--disable-pip-version-check', requirement },
      }
    end
  end
end

---Runs one command after the other, and stops at the first that fails.
---@param steps string[][]
---@param position integer
---@param done fun(problem: string?)
local function run(steps, position, done)
  local step = steps[position]
  if not step then
    return done(nil)
  end
  vim.system(
    step,
    { text = true },
    vim.schedule_wrap(function(finished)
      if finished.code ~= 0 then
        return done(('%s\n%s'):format(table.concat(step, ' '), vim.trim(finished.stderr or '')))
      end
      run(steps, position + 1, done)
    end)
  )
end

---Asks, then installs.
---@param requirement string what pip is to install: a version, a folder, an address; empty for what fits this plugin
function M.run(requirement)
  if requirement == '' then
    requirement = checkout() or ('fathom-lsp==' .. server.VERSION)
  end
  local environment = server.managed_environment()
  local steps = commands(environment, requirement)
  if not steps then
    return message.error('neither uv nor python3 was found. The installation needs one of them.')
  end
  local asked = ('Install the Fathom server (about 350 MB) into\n%s\nfrom %s with %s?'):format(
    environment,
    requirement,
    steps[1][1]
  )
  if vim.fn.confirm(asked, '&Yes\n&No', 1) ~= 1 then
    return message.info('nothing was installed.')
  end
  message.info('installing. You can go on working.')
  vim.fn.mkdir(vim.fs.dirname(environment), 'p')
  run(steps, 1, function(problem)
    if problem then
      return message.error('the installation failed: ' .. problem)
    end
    message.info('installed. Search with :Fathom search.')
  end)
end

return M
