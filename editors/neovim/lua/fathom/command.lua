-- `:Fathom`: which subcommands there are, and completing them.

local message = require('fathom.message')

local M = {}

---@type table<string, fun(words: string)>
local subcommands = {
  search = function(words)
    require('fathom.search').run(words)
  end,
  similar = function()
    require('fathom.similar').run()
  end,
  status = function()
    require('fathom.status').run()
  end,
}

---@return string[] sorted
local function names()
  local all = vim.tbl_keys(subcommands)
  table.sort(all)
  return all
end

---@param arguments string all that follows `:Fathom`
function M.run(arguments)
  local name, words = arguments:match('^%s*(%S*)%s*(.-)%s*$')
  local subcommand = subcommands[name]
  if not subcommand then
    local said = name == '' and 'say what to do' or ('no subcommand %q'):format(name)
    return message.error(said .. '. There are: ' .. table.concat(names(), ', '))
  end
  subcommand(words)
end

---Completes the subcommand, and nothing after it: what follows is free text.
---@param lead string
---@param line string
---@param cursor integer
---@return string[]
function M.complete(lead, line, cursor)
  local words_before = vim.split(vim.trim(line:sub(1, cursor - #lead)), '%s+')
  if #words_before > 1 then
    return {}
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, names())
end

return M
