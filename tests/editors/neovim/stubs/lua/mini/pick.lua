-- Stands for mini.pick, which no package registry has: items are set by the matcher, which is called with each query.

local M = {}

local Picker = {}
Picker.__index = Picker

---What a user types.
function Picker:type(words)
  self.options.source.match({}, {}, vim.fn.split(words, '\\zs'))
end

---The lines as they are shown.
function Picker:lines()
  return vim.tbl_map(function(item)
    return item.text
  end, self.items)
end

function M.set_picker_items(items)
  _G.stub.items = items
end

function M.start(options)
  _G.stub = setmetatable({ options = options, items = options.source.items }, Picker)
  -- The real one comes back when it is closed.
  vim.wait(60000, function()
    return _G.stub_closed
  end, 10)
end

return M
