-- `:Fathom search [words]`

local results = require('fathom.results')

local M = {}

---@param words string
local function search(words)
  results.ask('fathom/search', 'Fathom: ' .. words, function()
    return { query = words }
  end)
end

---Searches for the words, or asks for them first.
---@param words string
function M.run(words)
  if words ~= '' then
    return search(words)
  end
  vim.ui.input({ prompt = 'Fathom search: ' }, function(typed)
    typed = vim.trim(typed or '')
    if typed ~= '' then
      search(typed)
    end
  end)
end

return M
