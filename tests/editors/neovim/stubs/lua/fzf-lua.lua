-- Stands for fzf-lua, which no package registry has: for each query it is given a function that adds lines until nil.

local M = { config = { globals = { actions = { files = {} } } } }
package.loaded['fzf-lua.config'] = M.config

local Picker = {}
Picker.__index = Picker

---What a user types.
function Picker:type(words)
  local lines = {}
  self.shown = lines
  self.ended = false
  self.contents({ words })(function(line)
    if line then
      table.insert(lines, line)
    elseif self.shown == lines then
      self.ended = true
    end
  end)
end

---The lines as they are shown.
function Picker:lines()
  return self.shown
end

function M.fzf_exec(lines, options)
  _G.stub = setmetatable({ shown = lines, options = options }, Picker)
end

function M.fzf_live(contents, options)
  _G.stub = setmetatable({ contents = contents, shown = {}, options = options }, Picker)
end

return M
