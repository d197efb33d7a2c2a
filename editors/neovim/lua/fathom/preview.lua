-- Shows a function in a preview window, from the open buffer if there is one, else from the file.

local M = {}

local namespace = vim.api.nvim_create_namespace('fathom.preview')
local MAX_BYTES = 1000000

---@param filename string
---@return string[]
local function lines_of(filename)
  local bufnr = vim.fn.bufnr(('^%s$'):format(vim.fn.escape(filename, '^$[]*?{},\\')))
  if bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr) then
    return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  end
  local stat = vim.uv.fs_stat(filename)
  if not stat or stat.size > MAX_BYTES then
    return { stat and 'too large to be shown' or 'the file does not exist any more' }
  end
  return vim.split(table.concat(vim.fn.readfile(filename), '\n'):gsub('\r', ''), '\n')
end

---Colours without a filetype, which would have language servers and plugins start in the preview.
---@param bufnr integer
---@param filetype string
function M.colour(bufnr, filetype)
  local language = vim.treesitter.language.get_lang(filetype)
  if not (language and pcall(vim.treesitter.start, bufnr, language)) then
    vim.bo[bufnr].syntax = filetype
  end
end

---The lines of a range of a file.
---@param entry fathom.Entry
---@return string[]
function M.lines(entry)
  return vim.list_slice(lines_of(entry.filename), entry.lnum, entry.end_lnum)
end

---Fills a buffer with the file of a result, and marks and shows its lines.
---@param bufnr integer
---@param window? integer that shows the buffer
---@param entry fathom.Entry
function M.fill(bufnr, window, entry)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines_of(entry.filename))
  M.colour(bufnr, vim.filetype.match({ filename = entry.filename, buf = bufnr }) or '')
  local last = vim.api.nvim_buf_line_count(bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  for line = entry.lnum, math.min(entry.end_lnum, last) do
    vim.api.nvim_buf_set_extmark(bufnr, namespace, line - 1, 0, { line_hl_group = 'CursorLine', priority = 50 })
  end
  if window and vim.api.nvim_win_is_valid(window) and vim.api.nvim_win_get_buf(window) == bufnr then
    vim.api.nvim_win_set_cursor(window, { math.min(entry.lnum, last), 0 })
    vim.api.nvim_win_call(window, function()
      vim.cmd('normal! zt')
    end)
  end
end

return M
