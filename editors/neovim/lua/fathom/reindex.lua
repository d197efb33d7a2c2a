-- `:Fathom reindex`

local client = require('fathom.client')
local message = require('fathom.message')

local M = {}

---Indexes the project again. Unchanged functions are not embedded again.
function M.run()
  client.request('fathom/reindex', vim.empty_dict, function(problem)
    if problem then
      return message.error(problem)
    end
    message.info('all files are being indexed again.')
  end)
end

return M
