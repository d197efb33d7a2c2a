-- `:Fathom diff`: the function under the cursor beside a similar one, in two floating windows.

local entry = require('fathom.entry')
local preview = require('fathom.preview')
local results = require('fathom.results')
local similar = require('fathom.similar')

local M = {}

---What is worth laying beside a function: code outside functions is not.
local KINDS = { 'function', 'method', 'constructor', 'closure', 'macro' }

---Lines that one function may have where the other has none.
local FILLER = 4

---@class fathom.DiffView
---@field here fathom.Entry
---@field others fathom.Entry[]
---@field shown integer which of the others
---@field left integer window
---@field right integer window

---Two windows side by side that leave some of the editor to be seen around them, as high as the functions need.
---@param lines integer of the longer function
---@return vim.api.keyset.win_config left
---@return vim.api.keyset.win_config right
local function places(lines)
  local width = math.max(20, math.floor((vim.o.columns - 8) / 2))
  local room = vim.o.lines - vim.o.cmdheight - 6
  local height = math.max(5, math.min(lines + FILLER, room))
  local left = math.max(0, math.floor((vim.o.columns - 2 * width - 4) / 2))
  local row = math.max(0, math.floor((room - height) / 2))
  local shared = { relative = 'editor', width = width, height = height, row = row }
  return vim.tbl_extend('error', shared, { col = left }), vim.tbl_extend('error', shared, { col = left + width + 2 })
end

---@return integer bufnr that goes when it is shown no more
local function new_buffer()
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  return bufnr
end

---@param found fathom.Entry
---@return integer bufnr a buffer with the function's lines
local function buffer_of(found)
  local bufnr = new_buffer()
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, preview.lines(found))
  preview.colour(bufnr, vim.filetype.match({ filename = found.filename }) or '')
  vim.bo[bufnr].modifiable = false
  return bufnr
end

---@param view fathom.DiffView
local function close(view)
  for _, window in ipairs({ view.left, view.right }) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
end

---@param view fathom.DiffView
---@return string
local function title(view)
  local found = view.others[view.shown]
  return (' %d of %d  %s  %s '):format(view.shown, #view.others, found.hit.name, found.place)
end

local show ---@type fun(view: fathom.DiffView, number: integer)

---@param view fathom.DiffView
---@param bufnr integer
local function map(view, bufnr)
  local actions = {
    q = function()
      close(view)
    end,
    ['<Esc>'] = function()
      close(view)
    end,
    [']]'] = function()
      show(view, view.shown + 1)
    end,
    ['[['] = function()
      show(view, view.shown - 1)
    end,
    ['<CR>'] = function()
      close(view)
      entry.jump(view.others[view.shown])
    end,
  }
  for keys, action in pairs(actions) do
    vim.keymap.set('n', keys, action, { buffer = bufnr, nowait = true })
  end
end

---Puts another one of the similar functions to the right.
---@param view fathom.DiffView
---@param number integer
function show(view, number)
  view.shown = (number - 1) % #view.others + 1
  local bufnr = buffer_of(view.others[view.shown])
  vim.api.nvim_win_call(view.right, function()
    vim.cmd.diffoff()
    vim.api.nvim_win_set_buf(view.right, bufnr)
    vim.cmd.diffthis()
  end)
  for _, window in ipairs({ view.left, view.right }) do
    vim.wo[window].foldenable = false
    vim.wo[window].foldcolumn = '0'
    vim.wo[window].wrap = false
  end
  local lines = math.max(vim.api.nvim_buf_line_count(bufnr), view.here.end_lnum - view.here.lnum + 1)
  local left, right = places(lines)
  vim.api.nvim_win_set_config(view.left, left)
  vim.api.nvim_win_set_config(view.right, vim.tbl_extend('error', right, { title = title(view) }))
  map(view, bufnr)
end

---@param here fathom.Entry
---@param others fathom.Entry[]
local function open(here, others)
  local left_place, right_place = places(here.end_lnum - here.lnum + 1)
  local shared = { style = 'minimal', border = 'rounded' }
  local left_buffer = buffer_of(here)
  local left = vim.api.nvim_open_win(
    left_buffer,
    false,
    vim.tbl_extend('error', left_place, shared, { title = (' %s  %s '):format(here.hit.name, here.place) })
  )
  local right = vim.api.nvim_open_win(
    new_buffer(),
    true,
    vim.tbl_extend('error', right_place, shared, {
      title = ' ',
      footer = ' ]] next  [[ previous  <CR> go there  q close ',
    })
  )
  ---@type fathom.DiffView
  local view = { here = here, others = others, shown = 1, left = left, right = right }
  vim.api.nvim_win_call(left, vim.cmd.diffthis)
  map(view, left_buffer)
  show(view, 1)
  vim.api.nvim_create_autocmd('WinClosed', {
    pattern = { tostring(left), tostring(right) },
    once = true,
    callback = vim.schedule_wrap(function()
      close(view)
    end),
  })
end

---Opens the function under the cursor beside the most similar one.
function M.run()
  local params = similar.params_here()
  if not params then
    return
  end
  results.ask('fathom/similar', function(client)
    return vim.tbl_extend('error', params(client), { filters = { kinds = KINDS } })
  end, function(result, entries)
    open(entry.of(assert(result.compared)), entries)
  end)
end

return M
