-- mini.pick. The matcher receives each query; its items are set when they are known.

local entry = require('fathom.entry')
local preview = require('fathom.preview')

---@param found fathom.Entry
---@return table an item that mini.pick can show, open, and send to the quickfix list
local function to_item(found)
  return {
    text = entry.line(found),
    path = found.filename,
    lnum = found.lnum,
    end_lnum = found.end_lnum,
    value = found,
  }
end

---@param source table
---@return table
local function options(source)
  source.preview = function(bufnr, item)
    local window = vim.fn.win_findbuf(bufnr)[1]
    preview.fill(bufnr, window, item.value)
  end
  return { source = source }
end

---@type fathom.Picker
local M = {
  available = function()
    return _G.MiniPick ~= nil or (pcall(require, 'mini.pick'))
  end,

  pick = function(title, entries)
    require('mini.pick').start(options({ name = title, items = vim.tbl_map(to_item, entries) }))
  end,

  live = function(words, search)
    local pick = require('mini.pick')

    ---@param query string[] characters
    local function match(_, _, query)
      local tick = pick.get_querytick and pick.get_querytick()
      search.ask(table.concat(query), function(entries)
        pick.set_picker_items(vim.tbl_map(to_item, entries), { do_match = false, querytick = tick })
      end)
    end

    if words ~= '' then
      -- The picker blocks until it is closed, so the query can be set only from inside.
      vim.api.nvim_create_autocmd('User', {
        pattern = 'MiniPickStart',
        once = true,
        callback = function()
          pick.set_picker_query(vim.fn.split(words, '\\zs'))
        end,
      })
    end
    pick.start(options({ name = 'Fathom', items = {}, match = match }))
    search.stop()
  end,
}

return M
