-- Results as a quickfix list, in the order the server gave them.

local M = {}

---Name and signature. Code outside functions has no name.
---@param hit fathom.Hit
---@return string
local function text(hit)
  if hit.qualifiedName == '' or hit.signature == hit.qualifiedName then
    return hit.signature
  end
  return vim.trim(hit.qualifiedName .. '  ' .. hit.signature)
end

---@param hit fathom.Hit
---@return vim.quickfix.entry
local function entry(hit)
  return {
    filename = vim.uri_to_fname(hit.location.uri),
    lnum = hit.startLine,
    end_lnum = hit.endLine,
    text = text(hit),
    user_data = hit,
  }
end

---Makes the results a new quickfix list.
---@param title string
---@param hits fathom.Hit[]
---@param open boolean open the quickfix window
function M.show(title, hits, open)
  vim.fn.setqflist({}, ' ', { title = title, items = vim.tbl_map(entry, hits) })
  if open then
    vim.cmd('botright copen')
  end
end

return M
