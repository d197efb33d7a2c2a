-- `:Fathom similar`

local message = require('fathom.message')
local results = require('fathom.results')

local M = {}

---Finds functions like the one under the cursor.
function M.run()
  if vim.bo.buftype ~= '' or vim.api.nvim_buf_get_name(0) == '' then
    return message.warn('this buffer is no file. Put the cursor on a function in a file of the project.')
  end
  local uri = vim.uri_from_bufnr(0)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  local title = ('Fathom: similar to %s:%d'):format(vim.fn.expand('%:.'), row)

  results.ask('fathom/similar', title, function(client)
    local character = vim.str_utfindex(line, client.offset_encoding, column, false)
    return { textDocument = { uri = uri }, position = { line = row - 1, character = character } }
  end)
end

return M
