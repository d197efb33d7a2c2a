-- A search that is repeated while the user types, for all live pickers.

local client = require('fathom.client')
local entry = require('fathom.entry')
local message = require('fathom.message')

local M = {}

---One for all: there is one live search at a time.
local timer = assert(vim.uv.new_timer())

---@class fathom.Live
---@field ask fun(words: string, tell: fun(entries: fathom.Entry[], final: boolean)) asks anew; what was asked before is
---  cancelled and reports nothing more. Reports once or twice: preliminary results, then the final ones, which replace them.
---@field stop fun() cancels what is on its way

---A search in the project of the current buffer.
---@param settings fathom.Settings
---@return fathom.Live
function M.new(settings)
  local bufnr = vim.api.nvim_get_current_buf()
  local said = {} ---@type table<string, boolean>

  ---@param words string
  ---@param tell fun(entries: fathom.Entry[], final: boolean)
  local function send(words, tell)
    client.request('fathom/search', function()
      return { query = words, limit = settings.limit }
    end, function(problem, result)
      ---@cast result fathom.SearchResult?
      local trouble = problem or (result and result.message)
      if trouble and not said[trouble] then
        said[trouble] = true
        message.error(trouble)
      end
      tell(result and entry.all(result.results) or {}, true)
    end, function(first)
      ---@cast first fathom.SearchResult
      tell(entry.all(first.results), false)
    end, bufnr)
  end

  local function stop()
    timer:stop()
    client.cancel('fathom/search')
  end

  return {
    stop = stop,
    ask = function(words, tell)
      stop()
      if vim.trim(words) == '' then
        return tell({}, true)
      end
      timer:start(
        settings.debounce,
        0,
        vim.schedule_wrap(function()
          send(words, tell)
        end)
      )
    end,
  }
end

return M
