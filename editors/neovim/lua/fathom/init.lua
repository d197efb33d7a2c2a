-- Functions for users' configurations. Each loads its module at its first use.

local M = {}

---Sets `vim.g.fathom`, for those who prefer a call. Nothing else needs it.
---@param config? fathom.Config
function M.setup(config)
  require('fathom.config').set(config or {})
end

---Searches for the words; without any, as they are typed.
---@param words? string
---@param options? fathom.SearchOptions
function M.search(words, options)
  require('fathom.search').run(words or '', options)
end

---For an expression mapping: the motion that follows says what to search for.
---@return string keys
function M.operator()
  vim.o.operatorfunc = "v:lua.require'fathom.search'.motion"
  return 'g@'
end

---Functions like the one under the cursor.
function M.similar()
  require('fathom.similar').run()
end

---The function under the cursor beside those that are like it.
function M.diff()
  require('fathom.diff').run()
end

---Functions that are copies of each other.
function M.duplicates()
  require('fathom.duplicates').run()
end

---What Fathom is doing, for a statusline; empty before it is used. Loads nothing by itself.
---@return string
function M.statusline()
  local progress = package.loaded['fathom.progress']
  return progress and progress.statusline() or ''
end

return M
