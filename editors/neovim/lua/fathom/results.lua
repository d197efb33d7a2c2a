-- From a question to a list: what `:Fathom search` and `:Fathom similar` have in common.

local client = require('fathom.client')
local message = require('fathom.message')
local quickfix = require('fathom.quickfix')
local settings = require('fathom.settings')

local M = {}

---Sends a request whose answer is a list of functions, and shows them or says why there are none.
---@param method string
---@param title string
---@param params fun(client: vim.lsp.Client): table without the limit
function M.ask(method, title, params)
  local configured, mistake = settings.read()
  if not configured then
    return message.error(assert(mistake))
  end

  local function params_with_limit(lsp_client)
    return vim.tbl_extend('error', params(lsp_client), { limit = configured.limit })
  end

  client.request(method, params_with_limit, function(problem, result)
    ---@cast result fathom.SearchResult?
    if problem or not result then
      return message.error(problem or 'the server gave no answer')
    end
    if #result.results == 0 then
      return message.info(result.indexing and 'still indexing, nothing found yet. Try again soon.' or 'no results.')
    end
    quickfix.show(title, result.results, configured.open_list)
    if result.indexing then
      message.info('still indexing, more may be found later.')
    end
  end)
end

return M
