-- Stands for snacks.picker, which no package registry has. What it is given is used in the way that snacks documents:
-- the finder of a live picker runs with every change and gives items, or a function that adds some and may be suspended.

local M = {}

local Picker = {}
Picker.__index = Picker

function Picker:find()
  local this = self
  self.items = {}
  local async = {
    suspend = function()
      coroutine.yield()
    end,
    resume = function(running)
      if running == this.async then
        assert(coroutine.resume(this.task))
      end
    end,
  }
  self.async = async
  local context = { filter = { search = self.search }, picker = self, async = async }
  local found = self.options.items or self.options.finder(self.options, context)
  if type(found) == 'table' then
    self.items = found
    return
  end
  self.task = coroutine.create(function()
    found(function(item)
      if this.async == async then
        table.insert(this.items, item)
      end
    end)
  end)
  assert(coroutine.resume(self.task))
end

---What a user types.
function Picker:type(words)
  self.search = words
  self:find()
end

---The lines as they are shown.
function Picker:lines()
  return vim.tbl_map(function(item)
    local texts = vim.tbl_map(function(part)
      return part[1]
    end, self.options.format(item, self))
    return table.concat(texts)
  end, self.items)
end

function M.pick(options)
  _G.stub = setmetatable({ options = options, search = options.search or '', items = {} }, Picker)
  _G.stub:find()
  return _G.stub
end

return M
