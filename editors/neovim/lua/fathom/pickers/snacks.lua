-- snacks.picker. The finder of a live picker runs at every change. When the final order arrives after the
-- preliminary one, the picker runs the finder again, which returns the known results.

local entry = require('fathom.entry')

---@param found fathom.Entry
---@return table an item that snacks can show, preview, open, and send to the quickfix list
local function to_item(found)
  return {
    text = entry.line(found),
    file = found.filename,
    pos = { found.lnum, 0 },
    end_pos = { found.end_lnum, 0 },
    line = found.text,
    value = found,
  }
end

---@param item table
---@return table[] texts and their highlights
local function format(item)
  return { { item.value.label }, { '  ' }, { item.value.place, 'SnacksPickerComment' } }
end

---@type fathom.Picker
local M = {
  available = function()
    return (pcall(require, 'snacks.picker'))
  end,

  pick = function(title, entries)
    require('snacks.picker').pick({
      source = 'fathom',
      title = title,
      items = vim.tbl_map(to_item, entries),
      format = format,
      preview = 'file',
    })
  end,

  live = function(words, search)
    local final = nil ---@type { words: string, entries: fathom.Entry[] }?

    ---@param context table
    ---@return table[]|fun(add: fun(item: table))
    local function find(_, context)
      local asked = context.filter.search
      if final and final.words == asked then
        return vim.tbl_map(to_item, final.entries)
      end
      final = nil
      ---@async
      return function(add)
        local running = context.async
        local first = nil ---@type fathom.Entry[]?
        vim.schedule(function()
          search.ask(asked, function(entries, is_final)
            if not first then
              first = entries
              running:resume()
            elseif is_final and not context.picker.closed then
              final = { words = asked, entries = entries }
              context.picker:find({ refresh = true })
            end
          end)
        end)
        running:suspend()
        for _, found in ipairs(first or {}) do
          add(to_item(found))
        end
      end
    end

    require('snacks.picker').pick({
      source = 'fathom',
      title = 'Fathom',
      live = true,
      search = words,
      finder = find,
      format = format,
      preview = 'file',
      on_close = search.stop,
    })
  end,
}

return M
