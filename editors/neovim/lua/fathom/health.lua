-- `:checkhealth fathom`

local config = require('fathom.config')
local pickers = require('fathom.pickers')
local server = require('fathom.server')

local M = {}

local CHECK_MS = 30000
local STATUS_MS = 2000

local function check_settings()
  vim.health.start('Fathom: editor and settings')
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok(vim.split(vim.fn.execute('version'), '\n', { trimempty = true })[1])
  else
    vim.health.error('Neovim 0.11 or later is needed')
  end
  local _, problem = config.read()
  if problem then
    vim.health.error(problem, 'See :help fathom-settings')
  else
    vim.health.ok('the settings are valid')
  end
end

---Version, model, grammars, SQLite and the cache folder, as the server itself sees them.
---@param found fathom.Server
local function check_installation(found)
  local version =
    vim.system(vim.list_extend(vim.list_slice(found.cmd), { '--version' }), { text = true }):wait(CHECK_MS)
  local number = vim.trim(version.stdout or ''):match('(%S+)$')
  if number == server.VERSION then
    vim.health.ok(('version %s, which matches this plugin'):format(number))
  else
    vim.health.warn(('version %s; this plugin is made for version %s'):format(number, server.VERSION))
  end
  local check = vim.system(vim.list_extend(vim.list_slice(found.cmd), { '--check' }), { text = true }):wait(CHECK_MS)
  local said = vim.trim((check.stdout or '') .. '\n' .. (check.code ~= 0 and check.stderr or ''))
  if check.code == 0 then
    vim.health.ok('all checks passed:\n' .. said)
  else
    vim.health.error('a check failed:\n' .. said)
  end
end

local function check_server()
  vim.health.start('Fathom: server')
  local lsp_config = server.lsp_config()
  local root = vim.fs.root(0, lsp_config.root_markers or {}) or vim.uv.cwd()
  local found, problem = server.find(root)
  if type(lsp_config.cmd) == 'table' then
    found, problem = { cmd = lsp_config.cmd, source = "vim.lsp.config('fathom')" }, server.problem(lsp_config)
  end
  if problem or not found then
    return vim.health.error(problem or 'not found', ':Fathom install')
  end
  vim.health.ok(('found through %s: %s'):format(found.source, table.concat(found.cmd, ' ')))
  check_installation(found)
end

local function check_index()
  vim.health.start('Fathom: index')
  local clients = vim.lsp.get_clients({ name = 'fathom' })
  if #clients == 0 then
    return vim.health.info('no project is open. Open a file of one and run :Fathom search')
  end
  for _, client in ipairs(clients) do
    local answer, problem = client:request_sync('fathom/status', vim.empty_dict(), STATUS_MS)
    if not answer or answer.err then
      vim.health.error(
        ('%s: %s'):format(client.root_dir, problem or answer and answer.err and answer.err.message or 'no answer')
      )
    else
      local status = require('fathom.client').without_nulls(answer.result)
      local lines = require('fathom.status').lines(assert(status))
      vim.health.info(table.concat(lines, '\n'))
    end
  end
end

local function check_pickers()
  vim.health.start('Fathom: pickers (optional)')
  local settings = config.read()
  local chosen = settings and pickers.choose(settings)
  for _, known in ipairs(pickers.LIVE) do
    local picker = require(known.module) ---@type fathom.Picker
    if picker.available() then
      vim.health.ok(known.name .. (picker == chosen and ', which is used' or ''))
    else
      vim.health.info(known.name .. ' is not installed')
    end
  end
  if not chosen then
    vim.health.info('results go into the list')
  end
end

function M.check()
  check_settings()
  check_server()
  check_index()
  check_pickers()
end

return M
