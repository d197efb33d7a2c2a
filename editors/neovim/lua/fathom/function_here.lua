-- The function under the cursor, as the server sees it: no parser of the editor's own is needed.

local client = require('fathom.client')

local M = {}

---As many as the server gives.
local ALL = 200

---A pattern that matches this one file and no other.
---@param path string relative to the project
---@return string
local function only(path)
  return '/' .. path:gsub('([%*%?%[%]\\])', '\\%1')
end

---Words by which the server finds what is at the cursor before anything else of the file.
---@return string
local function words_here()
  local row = vim.fn.line('.')
  for line = row, 1, -1 do
    local text = vim.trim(vim.fn.getline(line) --[[@as string]])
    if text ~= '' then
      return text
    end
  end
  return vim.fs.basename(vim.api.nvim_buf_get_name(0))
end

---Calls back with the innermost function around the cursor of the current buffer.
---@param callback fun(problem: string?, hit: fathom.Hit?)
function M.find(callback)
  local file = vim.fs.normalize(vim.api.nvim_buf_get_name(0))
  local row, words = vim.fn.line('.'), words_here()
  client.request('fathom/search', function(lsp_client)
    local path = vim.fs.relpath(lsp_client.root_dir or vim.fs.dirname(file), file)
    return { query = words, limit = ALL, filters = { paths = { only(path or vim.fs.basename(file)) } } }
  end, function(problem, result)
    ---@cast result fathom.SearchResult?
    local innermost = nil ---@type fathom.Hit?
    for _, hit in ipairs(result and result.results or {}) do
      local around = hit.startLine <= row and row <= hit.endLine
      if around and (not innermost or hit.endLine - hit.startLine < innermost.endLine - innermost.startLine) then
        innermost = hit
      end
    end
    callback(problem or (not innermost and 'there is no function at the cursor.' or nil), innermost)
  end)
end

return M
