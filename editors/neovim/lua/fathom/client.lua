-- Finds or starts the language client for the place where the user is, and asks it things.

local M = {}

local NAME = 'fathom'
local POLL_MS = 20

---How many requests of a method were made so far. An answer to any but the newest is dropped.
---@type table<string, integer>
local newest = {}

---The request of a method that is on its way.
---@type table<string, { client: vim.lsp.Client, id: integer }>
local in_flight = {}

---The project that a buffer belongs to: the nearest marked folder above it, above the current directory, or the
---current directory itself. Never the whole of a home directory or a disk.
---@param bufnr integer
---@param config vim.lsp.Config
---@return string? root
---@return string? problem
local function find_root(bufnr, config)
  local markers = config.root_markers or {}
  local current = vim.fs.normalize(assert(vim.uv.cwd()))
  local root = config.root_dir
  if type(root) ~= 'string' then
    root = vim.fs.root(bufnr, markers) or vim.fs.root(current, markers) or current
  end
  if root == vim.fs.normalize('~') or root == vim.fs.dirname(root) then
    return nil,
      ('no project here, and %s is too much to index. Open a file of a project, or :cd into one.'):format(root)
  end
  return root
end

---@param config vim.lsp.Config
---@return string? problem
local function missing_server(config)
  local command = type(config.cmd) == 'table' and config.cmd[1] or nil
  if command and vim.fn.executable(command) == 0 then
    return ('the server %q was not found. Install it with "pipx install fathom-lsp", or say where it is: '):format(
      command
    ) .. "vim.lsp.config('fathom', { cmd = { '/path/to/fathom-lsp' } }). See :help fathom-install"
  end
end

---@param bufnr integer
---@return vim.lsp.Client? client that may still be starting
---@return string? problem
local function obtain(bufnr)
  local attached = vim.lsp.get_clients({ name = NAME, bufnr = bufnr })[1]
  if attached then
    return attached
  end
  local config = vim.deepcopy(vim.lsp.config[NAME])
  local problem = missing_server(config)
  if problem then
    return nil, problem
  end
  config.root_dir, problem = find_root(bufnr, config)
  if problem then
    return nil, problem
  end
  local id = vim.lsp.start(config, { bufnr = bufnr, attach = false, reuse_client = config.reuse_client })
  local client = id and vim.lsp.get_client_by_id(id)
  return client, not client and 'the server could not be started. See :LspLog' or nil
end

---Calls back once the client has shaken hands with its server.
---@param client vim.lsp.Client
---@param callback fun(problem: string?)
local function when_ready(client, callback)
  if client.initialized then
    return callback(nil)
  end
  if client:is_stopped() then
    return callback('the server stopped while starting. See :LspLog')
  end
  vim.defer_fn(function()
    when_ready(client, callback)
  end, POLL_MS)
end

---Asks the server of the current buffer's project, starting it if need be. A new request of a method cancels the one
---before it, whose callback is then never called.
---@param method string
---@param params fun(client: vim.lsp.Client): table
---@param callback fun(problem: string?, result: any) called on the main loop
function M.request(method, params, callback)
  local turn = (newest[method] or 0) + 1
  newest[method] = turn
  local earlier = in_flight[method]
  if earlier then
    in_flight[method] = nil
    earlier.client:cancel_request(earlier.id)
  end

  local client, problem = obtain(vim.api.nvim_get_current_buf())
  if not client then
    return callback(problem)
  end
  when_ready(client, function(stopped)
    if newest[method] ~= turn then
      return
    end
    if stopped then
      return callback(stopped)
    end
    local sent, id = client:request(method, params(client), function(err, result)
      if newest[method] ~= turn then
        return
      end
      in_flight[method] = nil
      callback(err and err.message, result)
    end)
    if not sent then
      return callback('the server has stopped. See :LspLog')
    end
    in_flight[method] = { client = client, id = id }
  end)
end

return M
