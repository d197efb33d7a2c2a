-- `:Fathom search [words]`

local message = require('fathom.message')
local results = require('fathom.results')

local M = {}

---@class fathom.SearchOptions
---@field in_list? boolean straight into the quickfix or location list, whatever picker there is

---@param words string
---@param in_list? boolean
local function search(words, in_list)
  results.ask('fathom/search', function()
    return { query = words }
  end, function(_, entries, settings)
    results.show('Fathom: ' .. words, entries, settings, in_list)
  end)
end

---Searches as the words are typed where there is a picker that can, else for the words, which are asked for when there
---are none.
---@param words string
---@param options? fathom.SearchOptions
function M.run(words, options)
  local settings = results.settings()
  if not settings then
    return
  end
  local in_list = options and options.in_list
  local picker = not in_list and require('fathom.pickers').choose(settings)
  if picker and picker.live then
    return picker.live(words, require('fathom.live').new(settings), settings)
  end
  if words ~= '' then
    return search(words, in_list)
  end
  vim.ui.input({ prompt = 'Fathom search: ' }, function(typed)
    typed = vim.trim(typed or '')
    if typed ~= '' then
      search(typed, in_list)
    end
  end)
end

---Searches for a piece of text, such as a comment or an error message.
---@param from integer[] as |getpos()| gives it
---@param to integer[]
---@param kind string as |visualmode()| gives it
local function search_region(from, to, kind)
  local text = table.concat(vim.fn.getregion(from, to, { type = kind }), ' ')
  local words = vim.trim((text:gsub('%s+', ' ')))
  if words == '' then
    return message.warn('the query contains no words.')
  end
  M.run(words)
end

---Searches for what is selected.
function M.selection()
  local from, to, kind = vim.fn.getpos('v'), vim.fn.getpos('.'), vim.fn.mode()
  vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'nx', false)
  search_region(from, to, kind)
end

---Searches for what a motion covers; an 'operatorfunc'.
---@param kind 'char'|'line'|'block'
function M.motion(kind)
  local visual = ({ char = 'v', line = 'V', block = '\22' })[kind]
  search_region(vim.fn.getpos("'["), vim.fn.getpos("']"), visual)
end

---Searches for whole lines.
---@param first integer
---@param last integer
function M.lines(first, last)
  search_region({ 0, first, 1, 0 }, { 0, last, 1, 0 }, 'V')
end

return M
