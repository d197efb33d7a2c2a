-- `:Fathom log`: the language client's log, which contains the server's, or the log of the project's indexer.

local client = require('fathom.client')
local message = require('fathom.message')

local M = {}

---@param path string
local function open(path)
  if not vim.uv.fs_stat(path) then
    return message.info(('there is no log yet (%s).'):format(path))
  end
  vim.cmd.tabedit(vim.fn.fnameescape(path))
  vim.bo.readonly = true
  vim.cmd.normal({ 'G', bang = true })
end

---Where the indexer of a folder logs, from what `fathom/status` says of it.
---@param root fathom.RootStatus
---@return string
local function indexer_log(root)
  local cache = vim.fs.dirname(vim.fs.dirname(root.indexPath))
  local folder = vim.fn.sha256(vim.uv.fs_realpath(root.root) or root.root):sub(1, 16)
  return vim.fs.joinpath(cache, 'indexers', folder, 'indexer.log')
end

---@param which string `server` (also when empty) or `indexer`
function M.run(which)
  if which == '' or which == 'server' then
    return open(vim.lsp.log.get_filename())
  elseif which ~= 'indexer' then
    return message.error(('no log %q. There are: server, indexer'):format(which))
  end
  client.request('fathom/status', vim.empty_dict, function(problem, result)
    ---@cast result fathom.Status?
    local root = result and result.roots[1]
    if problem or not root or root.error then
      return message.error(problem or root and root.error or 'no project is open')
    end
    open(indexer_log(root))
  end)
end

return M
