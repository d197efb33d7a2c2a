-- fzf-lua. fzf reads lines once for each query and cannot put them into another order afterwards, so only the final
-- order is shown.

---As fzf-lua's own previewer and actions read it: file, line, column, text.
---@param found fathom.Entry
---@return string
local function to_line(found)
  return ('%s:%d:1: %s'):format(vim.fn.fnamemodify(found.filename, ':.'), found.lnum, (found.text:gsub('\n', ' ')))
end

---@param title string
---@return table
local function options(title)
  return {
    prompt = title .. '> ',
    previewer = 'builtin',
    actions = require('fzf-lua.config').globals.actions.files,
    fzf_opts = { ['--no-sort'] = true, ['--multi'] = true },
  }
end

---@type fathom.Picker
local M = {
  available = function()
    return (pcall(require, 'fzf-lua'))
  end,

  pick = function(title, entries)
    require('fzf-lua').fzf_exec(vim.tbl_map(to_line, entries), options(title))
  end,

  live = function(words, search)
    local add_before = nil ---@type fun(line: string?)?
    require('fzf-lua').fzf_live(function(query)
      local typed = type(query) == 'table' and query[1] or query or ''
      ---@param add fun(line: string?) nil ends the lines of the query
      return function(add)
        vim.schedule(function()
          if add_before then
            add_before(nil)
          end
          add_before = add
          search.ask(typed, function(entries, final)
            if final then
              for _, found in ipairs(entries) do
                add(to_line(found))
              end
              add(nil)
              add_before = nil
            end
          end)
        end)
      end
    end, vim.tbl_extend('error', options('Fathom'), { query = words, exec_empty_query = false }))
  end,
}

return M
