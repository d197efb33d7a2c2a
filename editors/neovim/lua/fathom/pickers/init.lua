-- Chooses the picker for results. Each module of this folder is a picker, loaded only if it is chosen.

local M = {}

---@class fathom.Picker
---@field available fun(): boolean whether the plugin that it needs is installed
---@field pick fun(title: string, entries: fathom.Entry[], settings: fathom.Settings) shows what is known
---@field live? fun(words: string, search: fathom.Live, settings: fathom.Settings) searches while words are typed

---In the order in which they are looked for.
---@type { name: fathom.PickerName, module: string }[]
M.LIVE = {
  { name = 'snacks', module = 'fathom.pickers.snacks' },
  { name = 'telescope', module = 'fathom.pickers.telescope' },
  { name = 'fzf-lua', module = 'fathom.pickers.fzf_lua' },
  { name = 'mini.pick', module = 'fathom.pickers.mini_pick' },
}

---The picker that the settings name, or the first one that is installed; nil for the list.
---@param settings fathom.Settings
---@return fathom.Picker?
function M.choose(settings)
  if settings.picker == 'select' then
    return require('fathom.pickers.select')
  end
  for _, known in ipairs(M.LIVE) do
    if settings.picker == known.name or settings.picker == 'auto' then
      local picker = require(known.module) ---@type fathom.Picker
      if picker.available() then
        return picker
      end
      if settings.picker == known.name then
        require('fathom.message').warn(('the picker %s is not installed. Results go into the list.'):format(known.name))
      end
    end
  end
end

return M
