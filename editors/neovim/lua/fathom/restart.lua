-- `:Fathom restart`

local message = require('fathom.message')
local server = require('fathom.server')

local M = {}

---Ends all servers, those that never answered, too, and starts them anew for the files that they had.
function M.run()
  local clients = server.clients()
  if #clients == 0 then
    return message.info('no server is running. A search starts it.')
  end
  for _, old in ipairs(clients) do
    local buffers = vim.tbl_keys(old.attached_buffers)
    -- By force: a server that does not respond does not handle `shutdown`.
    old:stop(true)
    local id = vim.lsp.start(old.config, {
      attach = false,
      reuse_client = function()
        return false
      end,
    })
    for _, bufnr in ipairs(id and buffers or {}) do
      vim.lsp.buf_attach_client(bufnr, id --[[@as integer]])
    end
  end
  message.info('the server was restarted.')
end

return M
