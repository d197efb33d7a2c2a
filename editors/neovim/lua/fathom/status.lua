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

local STAGES = { parse = 'by words', embed = 'by meaning', deepen = 'in the final order' }

---How many functions can be found in which way: "by words 100 %, by meaning 40 %".
---@param stages fathom.Coverage[]
---@return string
local function join_coverage(stages)
  local parts = vim.tbl_map(function(coverage)
    local share = coverage.total > 0 and math.floor(100 * coverage.done / coverage.total) or 100
    return ('%s %d %%'):format(STAGES[coverage.stage] or coverage.stage, share)
  end, stages)
  return table.concat(parts, ', ')
end

---@param root fathom.RootStatus
---@return string? what the indexer is doing
local function activity(root)
  if root.progress then
    return ('indexing: %s, %d of %d'):format(root.progress.stage, root.progress.done, root.progress.total)
  elseif root.indexing then
    return 'indexing'
  elseif root.paused then
    return 'waits: ' .. root.paused
  elseif root.deepening then
    return 'refining the order in idle time'
  end
end

---@param root fathom.RootStatus
---@return string[]
local function describe(root)
  if root.error then
    return { vim.uri_to_fname(root.rootUri), '  ' .. root.error }
  end
  local lines = {
    vim.uri_to_fname(root.rootUri),
    ('  %d files, %d functions; index %.1f MB'):format(root.files, root.functions, root.indexBytes / 1e6),
  }
  -- While files are being read, `total` counts only the functions that were found so far.
  local reads = root.indexing and (not root.progress or root.progress.stage ~= 'embed')
  if root.coverage and root.functions > 0 and not reads then
    table.insert(lines, '  found ' .. join_coverage(root.coverage))
  end
  if not vim.tbl_isempty(root.languages) then
    table.insert(lines, '  functions: ' .. join_counts(root.languages))
  end
  if not vim.tbl_isempty(root.skipped) then
    table.insert(lines, '  files skipped: ' .. join_counts(root.skipped))
  end
  if root.clients and root.clients > 1 then
    table.insert(lines, ('  %d editors and commands share the indexer'):format(root.clients))
  end
  if root.message and not root.indexing then
    table.insert(lines, '  ' .. root.message)
  end
  local doing = activity(root)
  if doing then
    table.insert(lines, '  ' .. doing)
  end
  return lines
end

---What the index of each open project holds.
---@param status fathom.Status
---@return string[]
function M.lines(status)
  local lines = { 'Fathom ' .. status.version }
  if #status.roots == 0 then
    table.insert(lines, 'no project is open')
  end
  for _, root in ipairs(status.roots) do
    vim.list_extend(lines, describe(root))
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
    vim.api.nvim_echo({ { table.concat(M.lines(result), '\n') } }, true, {})
  end)
end

return M
