-- The plugin's own settings: `vim.g.fathom`. The server's are in `vim.lsp.config.fathom`.

local M = {}

---@class fathom.Settings
---@field limit integer most results to ask for
---@field open_list boolean open the quickfix window when there are results

---@type fathom.Settings
local defaults = { limit = 20, open_list = true }

---The settings in force, or what is wrong with them.
---@return fathom.Settings? settings
---@return string? problem
function M.read()
  local given = vim.g.fathom or {}
  if type(given) ~= 'table' then
    return nil, 'vim.g.fathom must be a table'
  end
  for key, value in pairs(given) do
    if defaults[key] == nil then
      return nil, ('unknown setting %q in vim.g.fathom'):format(key)
    end
    if type(value) ~= type(defaults[key]) then
      return nil, ('vim.g.fathom.%s must be a %s'):format(key, type(defaults[key]))
    end
  end
  local settings = vim.tbl_extend('force', defaults, given)
  if settings.limit < 1 or settings.limit % 1 ~= 0 then
    return nil, 'vim.g.fathom.limit must be a whole number above zero'
  end
  return settings
end

return M
