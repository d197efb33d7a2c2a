-- Finds or starts the language client for the current buffer, and sends requests.

local server = require('fathom.server')

local M = {}

local NAME = 'fathom'
local POLL_MS = 20

---A request that is on its way. What is said about it is heard only as long as it is the newest of its method.
---@class fathom.Request
---@field method string
---@field callback fun(problem: string?, result: any)
---@field client? vim.lsp.Client
---@field id? integer
---@field token? string
---@field on_partial? fun(result: any)

---@type table<string, fathom.Request> by method
local newest = {}

---Requests whose first order is awaited.
---@type table<string, fathom.Request> by partial result token
local streaming = {}

local TOKEN = 'fathom.nvim:'
local tokens = 0

---@param request fathom.Request
---@return boolean
local function is_newest(request)
  return newest[request.method] == request
end

---@param request fathom.Request
local function forget(request)
  if is_newest(request) then
    newest[request.method] = nil
  end
  if request.token then
    streaming[request.token] = nil
  end
end

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
      ('no project here, and %s is too large to index. Open a file of a project, or :cd into one.'):format(root)
  end
  return root
end

---@param bufnr integer
---@return vim.lsp.Client? client that may still be starting
---@return string? problem
local function obtain(bufnr)
  local attached = vim.lsp.get_clients({ name = NAME, bufnr = bufnr })[1]
  if attached then
    return attached
  end
  local config = vim.deepcopy(server.lsp_config())
  local root, problem = find_root(bufnr, config)
  problem = problem or server.problem(config, root, true)
  if problem then
    return nil, problem
  end
  config.root_dir = root
  local id = vim.lsp.start(config --[[@as vim.lsp.ClientConfig]], {
    bufnr = bufnr,
    attach = false,
    reuse_client = config.reuse_client,
  })
  local client = id and vim.lsp.get_client_by_id(id)
  return client, not client and 'the server could not be started. See :Fathom log' or nil
end

---Has the server see the project's open files as they are, also where `vim.lsp.enable` was not called.
---@param client vim.lsp.Client
local function attach_open_files(client)
  local filetypes = server.lsp_config().filetypes or {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(bufnr)
    if
      vim.api.nvim_buf_is_loaded(bufnr)
      and vim.bo[bufnr].buftype == ''
      and name ~= ''
      and vim.list_contains(filetypes, vim.bo[bufnr].filetype)
      and client.root_dir
      and vim.fs.relpath(client.root_dir, name)
    then
      vim.lsp.buf_attach_client(bufnr, client.id)
    end
  end
end

---Calls back once the client has shaken hands with its server.
---@param client vim.lsp.Client
---@param callback fun(problem: string?)
local function when_ready(client, callback)
  if client.initialized then
    return callback(nil)
  end
  if client:is_stopped() then
    return callback('the server stopped while starting. See :Fathom log')
  end
  vim.defer_fn(function()
    when_ready(client, callback)
  end, POLL_MS)
end

---An answer in which null is nil at every depth: Neovim 0.11 gives it so, later ones have |vim.NIL|, which is true.
---@generic T
---@param value T
---@return T?
function M.without_nulls(value)
  if value == vim.NIL then
    return nil
  end
  return type(value) == 'table' and vim.tbl_map(M.without_nulls, value) or value
end

---Has a request that is on its way forgotten, here and by the server.
---@param method string
function M.cancel(method)
  local request = newest[method]
  if not request then
    return
  end
  forget(request)
  if request.client and request.id then
    request.client:cancel_request(request.id)
  end
end

---Asks the server of a buffer's project, starting it if need be. A new request of a method cancels the one before it,
---whose callbacks are then never called.
---@param method string
---@param params fun(client: vim.lsp.Client): table
---@param callback fun(problem: string?, result: any) called on the main loop
---@param on_partial? fun(result: any) called at most once before the callback, with an order that is known earlier
---@param bufnr? integer the current one if left out
function M.request(method, params, callback, on_partial, bufnr)
  M.cancel(method)
  ---@type fathom.Request
  local request = { method = method, callback = callback, on_partial = on_partial }
  newest[method] = request

  ---@param problem string?
  ---@param result any
  local function finish(problem, result)
    if is_newest(request) then
      forget(request)
      callback(problem, result)
    end
  end

  local client, problem = obtain(bufnr or vim.api.nvim_get_current_buf())
  if not client then
    return finish(problem)
  end
  when_ready(client, function(stopped)
    if stopped or not is_newest(request) then
      return finish(stopped)
    end
    attach_open_files(client)
    local wanted = params(client)
    if on_partial then
      tokens = tokens + 1
      request.token = TOKEN .. tokens
      streaming[request.token] = request
      wanted.partialResultToken = request.token
    end
    request.client = client
    local sent, id = client:request(method, wanted, function(err, result)
      finish(err and err.message, M.without_nulls(result))
    end)
    if not sent then
      return finish('the server has stopped. See :Fathom log')
    end
    request.id = id
  end)
end

---Takes the first order of a request.
---@param params lsp.ProgressParams
---@return boolean taken
function M.take_partial(params)
  local token = tostring(params.token)
  local request = streaming[token]
  if not request then
    return vim.startswith(token, TOKEN)
  end
  if is_newest(request) and request.on_partial then
    request.on_partial(M.without_nulls(params.value))
  end
  return true
end

---A server has ended: its pending requests fail.
---@param client_id integer
function M.gone(client_id)
  for _, method in ipairs(vim.tbl_keys(newest)) do
    local request = newest[method]
    if request.client and request.client.id == client_id then
      forget(request)
      request.callback('the server has stopped. See :Fathom log')
    end
  end
end

return M
