-- The plugin's own settings: `vim.g.fathom`. The server's are in `vim.lsp.config.fathom`.

local M = {}

---What a user may set; everything has a default.
---@class fathom.Config
---@field cmd? string[] the command that starts the server, instead of looking for one
---@field picker? fathom.PickerName
---@field list? 'quickfix'|'loclist' the list that results go to
---@field open_list? boolean open the list's window when there are results
---@field limit? integer most results to ask for
---@field debounce? integer milliseconds without a key after which a live search is sent

---The settings in force.
---@class fathom.Settings
---@field cmd? string[]
---@field picker fathom.PickerName
---@field list 'quickfix'|'loclist'
---@field open_list boolean
---@field limit integer
---@field debounce integer

---@alias fathom.PickerName 'auto'|'telescope'|'snacks'|'fzf-lua'|'mini.pick'|'select'|'list'

local PICKERS = { 'auto', 'telescope', 'snacks', 'fzf-lua', 'mini.pick', 'select', 'list' }
local MAX_LIMIT = 200

---@param allowed string[]
---@return fun(value: any): string? problem
local function one_of(allowed)
  return function(value)
    return not vim.list_contains(allowed, value) and 'one of ' .. table.concat(allowed, ', ') or nil
  end
end

---@param least integer
---@param most number
---@return fun(value: any): string? problem
local function whole_number(least, most)
  return function(value)
    if type(value) ~= 'number' or value % 1 ~= 0 or value < least or value > most then
      return ('a whole number from %d%s'):format(least, most < math.huge and (' to %d'):format(most) or '')
    end
  end
end

---@param value any
---@return string? problem
local function boolean(value)
  return type(value) ~= 'boolean' and 'true or false' or nil
end

---@param value any
---@return string? problem
local function command(value)
  local good = vim.islist(value) and #value > 0
  for _, part in ipairs(good and value or {}) do
    good = good and type(part) == 'string'
  end
  return not good and 'a list of strings, the program first' or nil
end

---What each setting must be. A check returns what was expected when the value does not fit.
---@type table<string, { default: any, check: fun(value: any): string? }>
local SPECIFICATION = {
  cmd = { check = command },
  picker = { default = 'auto', check = one_of(PICKERS) },
  list = { default = 'quickfix', check = one_of({ 'quickfix', 'loclist' }) },
  open_list = { default = true, check = boolean },
  limit = { default = 20, check = whole_number(1, MAX_LIMIT) },
  debounce = { default = 60, check = whole_number(0, math.huge) },
}

---@return string[] sorted
function M.names()
  local names = vim.tbl_keys(SPECIFICATION)
  table.sort(names)
  return names
end

---@param given any
---@return string? problem
local function problem_of(given)
  if type(given) ~= 'table' then
    return 'vim.g.fathom must be a table'
  end
  for key, value in pairs(given) do
    local setting = SPECIFICATION[key]
    if not setting then
      return ('unknown setting %q in vim.g.fathom. There are: %s'):format(key, table.concat(M.names(), ', '))
    end
    local expected = setting.check(value)
    if expected then
      return ('vim.g.fathom.%s must be %s'):format(key, expected)
    end
  end
end

---The settings in force, or what is wrong with them.
---@return fathom.Settings? settings
---@return string? problem
function M.read()
  local given = vim.g.fathom or {}
  local problem = problem_of(given)
  if problem then
    return nil, problem
  end
  local settings = {} ---@type table<string, any>
  for name, setting in pairs(SPECIFICATION) do
    settings[name] = vim.F.if_nil(given[name], setting.default)
  end
  return settings --[[@as fathom.Settings]]
end

---Sets `vim.g.fathom`. What does not fit is said and changes nothing.
---@param config fathom.Config
function M.set(config)
  local problem = problem_of(config)
  if problem then
    return require('fathom.message').error(problem)
  end
  vim.g.fathom = config
end

return M
