-- telescope.nvim. Its finder runs at every change of the prompt. If the final order differs from the
-- preliminary one, the picker is refreshed and the finder returns the known results.

local entry = require('fathom.entry')
local preview = require('fathom.preview')

---@param found fathom.Entry
---@return table a telescope entry
local function to_row(found)
  local line = entry.line(found)
  return {
    value = found,
    ordinal = line,
    display = function()
      return line, { { { #found.label + 2, #line }, 'Comment' } }
    end,
    filename = found.filename,
    lnum = found.lnum,
    lnend = found.end_lnum,
    col = 1,
    text = found.text,
  }
end

---@return table
local function previewer()
  return require('telescope.previewers').new_buffer_previewer({
    title = 'Code',
    dyn_title = function(_, row)
      return row.value.place
    end,
    define_preview = function(self, row)
      -- The window gets the buffer only after this call.
      vim.schedule(function()
        if vim.api.nvim_buf_is_valid(self.state.bufnr) then
          preview.fill(self.state.bufnr, self.state.winid, row.value)
        end
      end)
    end,
  })
end

---@param title string
---@param finder table
---@param options table of this picker
---@return table picker
local function open(title, finder, options)
  local shared = { prompt_title = title, results_title = false, finder = finder, previewer = previewer() }
  local picker = require('telescope.pickers').new({}, vim.tbl_extend('error', shared, options))
  picker:find()
  return picker
end

---Whether two lists are the same functions in the same order.
---@param one fathom.Entry[]
---@param other fathom.Entry[]
---@return boolean
local function same_order(one, other)
  return vim.deep_equal(vim.tbl_map(entry.line, one), vim.tbl_map(entry.line, other))
end

---@type fathom.Picker
local M = {
  available = function()
    return (pcall(require, 'telescope'))
  end,

  pick = function(title, entries)
    local finder = require('telescope.finders').new_table({ results = entries, entry_maker = to_row })
    open(title, finder, { sorter = require('telescope.config').values.generic_sorter({}) })
  end,

  live = function(words, search)
    local picker ---@type table
    local final = nil ---@type { prompt: string, entries: fathom.Entry[] }?
    local rows = {} ---@type table<string, table> kept, so that telescope knows the selected one again

    ---@param entries fathom.Entry[]
    ---@param process_result fun(row: table): boolean?
    ---@param process_complete fun()
    local function show(entries, process_result, process_complete)
      for _, found in ipairs(entries) do
        local line = entry.line(found)
        rows[line] = rows[line] or to_row(found)
        rows[line].value = found
        if process_result(rows[line]) then
          return
        end
      end
      process_complete()
    end

    ---@param prompt string
    ---@param process_result fun(row: table): boolean?
    ---@param process_complete fun()
    local function find(_, prompt, process_result, process_complete)
      if final and final.prompt == prompt then
        return show(final.entries, process_result, process_complete)
      end
      picker.selection_strategy = 'reset'
      final = nil
      local first = nil ---@type fathom.Entry[]?
      search.ask(prompt, function(entries)
        if not first then
          first = entries
          show(entries, process_result, process_complete)
        elseif not same_order(first, entries) then
          final = { prompt = prompt, entries = entries }
          -- If the user has moved the selection, it stays on the same function.
          local moved = picker:get_selection_row() ~= picker:get_reset_row()
          picker.selection_strategy = moved and 'follow' or 'reset'
          picker:refresh()
        end
      end)
    end

    picker = open('Fathom', setmetatable({ close = search.stop }, { __call = find }), {
      default_text = words,
      sorter = require('telescope.sorters').empty(),
      -- Keeps the server's order; telescope would put the shortest entry first.
      tiebreak = function()
        return false
      end,
    })
  end,
}

return M
