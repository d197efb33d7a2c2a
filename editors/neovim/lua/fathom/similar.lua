-- `:Fathom similar`

local entry = require('fathom.entry')
local message = require('fathom.message')
local results = require('fathom.results')

local M = {}

---What `fathom/similar` is asked for the place of the cursor, or nil when the buffer is no file, which is then said.
---@return (fun(client: vim.lsp.Client): table)?
function M.params_here()
  if vim.bo.buftype ~= '' or vim.api.nvim_buf_get_name(0) == '' then
    message.warn('this buffer is not a file. Put the cursor on a function in a file of the project.')
    return nil
  end
  local uri = vim.uri_from_bufnr(0)
  local row, column = vim.fn.line('.'), vim.fn.col('.') - 1
  local line = vim.api.nvim_get_current_line()
  return function(client)
    local character = vim.str_utfindex(line, client.offset_encoding, column, false)
    return { textDocument = { uri = uri }, position = { line = row - 1, character = character } }
  end
end

---Finds functions like the one under the cursor.
---@param in_list? boolean
function M.run(in_list)
  local params = M.params_here()
  if params then
    results.ask('fathom/similar', params, function(result, entries, settings)
      local title = 'Fathom: similar to ' .. entry.of(assert(result.compared)).label
      results.show(title, entries, settings, in_list)
    end)
  end
end

return M
