-- Runs one test script inside Neovim and writes what it returns, or how it failed, as JSON.
-- Scripts may use the globals below.

---What vim.notify was asked to show, one text a call.
---@type string[]
messages = {}

vim.notify = function(text)
  table.insert(messages, text)
end

---Waits until the condition holds; an error names what was waited for.
---@param what string
---@param condition fun(): boolean
function wait_for(what, condition)
  if not vim.wait(60000, condition, 20) then
    error(('waited in vain for %s; messages: %s'):format(what, vim.inspect(messages)))
  end
end

---Runs `:Fathom` and waits until it has shown a new quickfix list or a message.
---@param arguments string
function fathom(arguments)
  local list, said = vim.fn.getqflist({ id = 0 }).id, #messages
  vim.cmd('Fathom ' .. arguments)
  wait_for('an answer to :Fathom ' .. arguments, function()
    return vim.fn.getqflist({ id = 0 }).id ~= list or #messages > said
  end)
end

---The same, again and again until the index is complete. Any other message is an error.
---@param arguments string
function fathom_when_indexed(arguments)
  wait_for('a complete index', function()
    messages = {}
    fathom(arguments)
    local said = table.concat(messages, '\n')
    if said ~= '' and not said:find('still indexing') then
      error(said)
    end
    return said == ''
  end)
end

---The current quickfix list, with paths relative to the current directory.
---@return { title: string, entries: table[] }
function quickfix()
  local list = vim.fn.getqflist({ title = 0, items = 0 })
  local entries = vim.tbl_map(function(item)
    local path = vim.fs.relpath(vim.fn.getcwd(), vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ':p'))
    return { path = path, lnum = item.lnum, end_lnum = item.end_lnum, text = item.text, valid = item.valid }
  end, list.items)
  return { title = list.title, entries = entries }
end

local succeeded, value = xpcall(dofile, debug.traceback, vim.env.TEST_SCRIPT)
local outcome = succeeded and { value = value == nil and vim.NIL or value } or { failure = tostring(value) }
vim.fn.writefile({ vim.json.encode(outcome) }, vim.env.TEST_OUTCOME)
vim.cmd('qall!')
