-- `:Fathom duplicates`

local client = require('fathom.client')
local entry = require('fathom.entry')
local results = require('fathom.results')

local M = {}

---The functions of all groups, one group after the other.
---@param groups fathom.DuplicateGroup[]
---@return fathom.Entry[]
local function entries_of(groups)
  local entries = {}
  for number, group in ipairs(groups) do
    for position, clone in ipairs(group.clones) do
      local note = position == 1 and ('%d. %s, %d tokens'):format(number, group.kind, group.tokens)
        or ('%d. %.0f %% alike'):format(number, clone.similarity * 100)
      table.insert(entries, entry.of(clone, note))
    end
  end
  return entries
end

---Shows functions that are copies of each other.
---@param in_list? boolean
function M.run(in_list)
  local settings = results.settings()
  if not settings then
    return
  end
  client.request('fathom/duplicates', function()
    return { limit = settings.limit }
  end, function(problem, result)
    ---@cast result fathom.Duplicates?
    if results.worth_showing(problem, result, result and #result.groups or 0) then
      results.show('Fathom: duplicates', entries_of(assert(result).groups), settings, in_list)
    end
  end)
end

return M
