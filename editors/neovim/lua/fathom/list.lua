-- Results as a quickfix or location list, in the order the server gave them.

local M = {}

---@param entry fathom.Entry
---@return vim.quickfix.entry
local function item(entry)
  return {
    filename = entry.filename,
    lnum = entry.lnum,
    end_lnum = entry.end_lnum,
    text = entry.text,
    user_data = entry.hit,
  }
end

---Makes the results a new list.
---@param title string
---@param entries fathom.Entry[]
---@param settings fathom.Settings
function M.show(title, entries, settings)
  local what = { title = title, items = vim.tbl_map(item, entries) }
  if settings.list == 'loclist' then
    vim.fn.setloclist(0, {}, ' ', what)
  else
    vim.fn.setqflist({}, ' ', what)
  end
  if settings.open_list then
    vim.cmd(settings.list == 'loclist' and 'lopen' or 'botright copen')
  end
end

return M
