-- `vim.ui.select`: always available, and often replaced by a plugin.

local entry = require('fathom.entry')

---@type fathom.Picker
local M = {
  available = function()
    return true
  end,

  pick = function(title, entries, settings)
    ---@type (fathom.Entry|string)[]
    local choices = vim.list_extend({}, entries)
    table.insert(
      choices,
      ('all of them into the %s'):format(settings.list == 'loclist' and 'location list' or 'quickfix list')
    )
    vim.ui.select(choices, {
      prompt = title,
      kind = 'fathom',
      format_item = function(choice)
        return type(choice) == 'string' and choice or entry.line(choice)
      end,
    }, function(choice)
      if type(choice) == 'string' then
        require('fathom.list').show(title, entries, settings)
      elseif choice then
        entry.jump(choice)
      end
    end)
  end,
}

return M
