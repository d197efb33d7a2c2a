---@meta
-- For the type checker alone: what the plugin uses of libuv, of which Neovim's runtime has no types.

---@class test.uv.Stat
---@field size integer

---@class test.uv.Timer
---@field start fun(self: test.uv.Timer, milliseconds: integer, again: integer, callback: fun())
---@field stop fun(self: test.uv.Timer)

---@class test.uv
---@field cwd fun(): string?
---@field fs_stat fun(path: string): test.uv.Stat?
---@field fs_realpath fun(path: string): string?
---@field new_timer fun(): test.uv.Timer?

---@type test.uv
vim.uv = {}
