-- Sends a request and shows its results: common to all commands that show functions.

local client = require('fathom.client')
local config = require('fathom.config')
local entry = require('fathom.entry')
local message = require('fathom.message')

local M = {}

---Shows entries in the picker that the user has, or in a list.
---@param title string
---@param entries fathom.Entry[]
---@param settings fathom.Settings
---@param in_list? boolean straight into the list
function M.show(title, entries, settings, in_list)
  local picker = not in_list and require('fathom.pickers').choose(settings)
  if picker then
    return picker.pick(title, entries, settings)
  end
  require('fathom.list').show(title, entries, settings)
end

---The settings, or nil when something is wrong with them, which is then said.
---@return fathom.Settings?
function M.settings()
  local settings, mistake = config.read()
  if not settings then
    message.error(assert(mistake))
  end
  return settings
end

---Says why there is nothing to show, if so.
---@param problem string?
---@param result { indexing: boolean, message?: string }?
---@param count integer
---@return boolean something to show
function M.worth_showing(problem, result, count)
  if problem or not result then
    message.error(problem or 'the server gave no answer')
    return false
  end
  if result.message then
    message.warn(result.message .. '.')
  end
  if count == 0 then
    message.info(result.indexing and 'still indexing, nothing found yet. Try again soon.' or 'no results.')
    return false
  end
  if result.indexing then
    message.info('still indexing, more may be found later.')
  end
  return true
end

---Sends a request whose answer is a list of functions, and says why there are none or calls back.
---@param method string
---@param params fun(client: vim.lsp.Client): table without the limit
---@param callback fun(result: fathom.SearchResult, entries: fathom.Entry[], settings: fathom.Settings)
function M.ask(method, params, callback)
  local settings = M.settings()
  if not settings then
    return
  end
  client.request(method, function(lsp_client)
    return vim.tbl_extend('error', params(lsp_client), { limit = settings.limit })
  end, function(problem, result)
    ---@cast result fathom.SearchResult?
    if M.worth_showing(problem, result, result and #result.results or 0) then
      local found = assert(result)
      callback(found, entry.all(found.results), settings)
    end
  end)
end

return M
