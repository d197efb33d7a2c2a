-- `:Fathom`: its subcommands and their completion.

local message = require('fathom.message')

local M = {}

---@class fathom.Invocation
---@field words string all that follows the subcommand
---@field in_list boolean with a `!`: straight into the list
---@field lines? { first: integer, last: integer } of a range

---@class fathom.Subcommand
---@field run fun(invocation: fathom.Invocation)
---@field arguments? string[] what is completed after it

---@type table<string, fathom.Subcommand>
local subcommands = {
  search = {
    run = function(invocation)
      if invocation.lines then
        return require('fathom.search').lines(invocation.lines.first, invocation.lines.last)
      end
      require('fathom.search').run(invocation.words, { in_list = invocation.in_list })
    end,
  },
  similar = {
    run = function(invocation)
      require('fathom.similar').run(invocation.in_list)
    end,
  },
  diff = {
    run = function()
      require('fathom.diff').run()
    end,
  },
  duplicates = {
    run = function(invocation)
      require('fathom.duplicates').run(invocation.in_list)
    end,
  },
  status = {
    run = function()
      require('fathom.status').run()
    end,
  },
  reindex = {
    run = function()
      require('fathom.reindex').run()
    end,
  },
  restart = {
    run = function()
      require('fathom.restart').run()
    end,
  },
  log = {
    arguments = { 'indexer', 'server' },
    run = function(invocation)
      require('fathom.log').run(invocation.words)
    end,
  },
  install = {
    run = function(invocation)
      require('fathom.install').run(invocation.words)
    end,
  },
}

---@return string[] sorted
local function names()
  local all = vim.tbl_keys(subcommands)
  table.sort(all)
  return all
end

---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, words = command.args:match('^%s*(%S*)%s*(.-)%s*$')
  local subcommand = subcommands[name]
  if not subcommand then
    local said = name == '' and 'a subcommand is needed' or ('no subcommand %q'):format(name)
    return message.error(said .. '. There are: ' .. table.concat(names(), ', '))
  end
  subcommand.run({
    words = words,
    in_list = command.bang,
    lines = command.range > 0 and { first = command.line1, last = command.line2 } or nil,
  })
end

---Completes the subcommand and what it takes. Words to search for are free text.
---@param lead string
---@param line string
---@param cursor integer
---@return string[]
function M.complete(lead, line, cursor)
  local before = vim.split(vim.trim(line:sub(1, cursor - #lead)), '%s+')
  local subcommand = subcommands[before[2]]
  local choices = #before == 1 and names() or (#before == 2 and subcommand and subcommand.arguments) or {}
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
