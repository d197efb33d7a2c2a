-- The progress of the servers, for the statusline. |vim.lsp.status()| gets it as well.

local client = require('fathom.client')

local M = {}

---@class fathom.Doing
---@field health 'ok'|'warning'|'error'
---@field message? string
---@field percentage? integer while indexing

---@type table<integer, fathom.Doing> by client
local doing = {}

---@param client_id integer
---@return fathom.Doing
local function of(client_id)
  doing[client_id] = doing[client_id] or { health = 'ok' }
  return doing[client_id]
end

---Redraws statuslines and triggers the autocommand `User FathomStatus`.
local function changed()
  vim.cmd.redrawstatus({ bang = true })
  vim.api.nvim_exec_autocmds('User', { pattern = 'FathomStatus', modeline = false })
end

---@param err lsp.ResponseError?
---@param params lsp.ProgressParams
---@param context lsp.HandlerContext
function M.on_progress(err, params, context)
  if client.take_partial(params) then
    return
  end
  local value = params.value
  if type(value) == 'table' and value.kind then
    local percentage = nil
    if value.kind ~= 'end' then
      percentage = value.percentage or of(context.client_id).percentage or 0
    end
    if percentage ~= of(context.client_id).percentage then
      of(context.client_id).percentage = percentage
      changed()
    end
  end
  return vim.lsp.handlers['$/progress'](err, params, context)
end

---@param params { health: 'ok'|'warning'|'error', quiescent: boolean, message: string|vim.NIL }
---@param context lsp.HandlerContext
function M.on_status(params, context)
  local entry = of(context.client_id)
  entry.health = params.health
  entry.message = client.without_nulls(params.message)
  changed()
end

---@param client_id integer
function M.gone(client_id)
  doing[client_id] = nil
  changed()
end

---"Fathom", with what is worth to know: how far indexing is, or that something is wrong. Empty without a server.
---@return string
function M.statusline()
  if vim.tbl_isempty(doing) then
    return ''
  end
  local text = 'Fathom'
  for _, entry in vim.spairs(doing) do
    if entry.percentage then
      text = ('%s %d%%%%'):format(text, entry.percentage)
    end
    if entry.health ~= 'ok' then
      text = text .. ' !'
    end
  end
  return text
end

return M
