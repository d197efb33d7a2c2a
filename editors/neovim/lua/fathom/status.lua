-- `:Fathom status`

local client = require('fathom.client')
local message = require('fathom.message')

local M = {}

---@param counts table<string, integer>
---@return string "12 python, 3 go", largest first
local function join_counts(counts)
  local keys = vim.tbl_keys(counts)
  table.sort(keys, function(a, b)
    return counts[a] > counts[b] or (counts[a] == counts[b] and a < b)
  end)
  return table.concat(
    vim.tbl_map(function(key)
      return ('%d %s'):format(counts[key], key)
    end, keys),
    ', '
  )
end

---@param root fathom.RootStatus
---@return string[]
local function describe(root)
  if root.error then
    return { vim.uri_to_fname(root.rootUri), '  ' .. root.error }
  end
  local lines = {
    vim.uri_to_fname(root.rootUri),
    ('  %d files, %d functions, %d of them embedded; index %.1f MB'):format(
      root.files,
      root.functions,
      root.embedded,
      root.indexBytes / 1e6
    ),
  }
  if not vim.tbl_isempty(root.languages) then
    table.insert(lines, '  functions: ' .. join_counts(root.languages))
  end
  if not vim.tbl_isempty(root.skipped) then
    table.insert(lines, '  files skipped: ' .. join_counts(root.skipped))
  end
  local progress = root.progress
  if progress then
    table.insert(lines, ('  indexing: %s, %d of %d'):format(progress.stage, progress.done, progress.total))
  elseif root.indexing then
    table.insert(lines, '  indexing')
  end
  return lines
end

---Prints what the index of each open project holds.
function M.run()
  client.request('fathom/status', vim.empty_dict, function(problem, result)
    ---@cast result fathom.Status?
    if problem or not result then
      return message.error(problem or 'the server gave no answer')
    end
    local lines = { 'Fathom ' .. result.version }
    if #result.roots == 0 then
      table.insert(lines, 'no project is open')
    end
    for _, root in ipairs(result.roots) do
      vim.list_extend(lines, describe(root))
    end
    vim.api.nvim_echo({ { table.concat(lines, '\n') } }, true, {})
  end)
end

return M
