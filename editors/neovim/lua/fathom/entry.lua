-- A result as lists and pickers show it.

local M = {}

---@class fathom.Entry
---@field filename string absolute
---@field lnum integer first line, from 1
---@field end_lnum integer last line
---@field label string what it is called, or its declaration where it has no name
---@field place string file and line, relative to the project
---@field text string label and declaration, for lists that show the place themselves
---@field hit fathom.Hit

---@param hit fathom.Hit
---@param note? string said before everything else
---@return fathom.Entry
function M.of(hit, note)
  local label = hit.qualifiedName ~= '' and hit.qualifiedName or hit.signature
  local text = label
  if hit.qualifiedName ~= '' and hit.signature ~= hit.qualifiedName then
    text = vim.trim(hit.qualifiedName .. '  ' .. hit.signature)
  end
  if hit.copies and #hit.copies > 0 then
    local count = #hit.copies == 1 and '1 copy' or ('%d copies'):format(#hit.copies)
    label, text = ('%s (%s)'):format(label, count), ('%s (%s)'):format(text, count)
  end
  return {
    filename = vim.uri_to_fname(hit.location.uri),
    lnum = hit.startLine,
    end_lnum = hit.endLine,
    label = note and ('%s  %s'):format(note, label) or label,
    place = ('%s:%d'):format(hit.path, hit.startLine),
    text = note and ('%s  %s'):format(note, text) or text,
    hit = hit,
  }
end

---@param hits fathom.Hit[]
---@return fathom.Entry[]
function M.all(hits)
  return vim.tbl_map(function(hit)
    return M.of(hit)
  end, hits)
end

---@param entry fathom.Entry
---@return string one line
function M.line(entry)
  return ('%s  %s'):format(entry.label, entry.place)
end

---Goes to the function, from where one can come back with <C-o>.
---@param entry fathom.Entry
function M.jump(entry)
  vim.cmd("normal! m'")
  local bufnr = vim.fn.bufadd(entry.filename)
  vim.bo[bufnr].buflisted = true
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.api.nvim_win_set_cursor(0, { math.min(entry.lnum, vim.api.nvim_buf_line_count(bufnr)), 0 })
  vim.cmd('normal! zvzz')
end

return M
