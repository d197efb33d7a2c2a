-- Runs one file of mini.test cases: `nvim --headless -u NONE -i NONE -l run.lua FILE`. Ends with 1 if a case failed.

vim.opt.runtimepath:prepend(vim.env.TEST_TOOLS .. '/usr/share/neovim-mini.test')
package.path = vim.fs.dirname(vim.fs.abspath(arg[0])) .. '/?.lua;' .. package.path

local MiniTest = require('mini.test')
MiniTest.setup({
  collect = {
    find_files = function()
      return { arg[1] }
    end,
  },
  execute = { reporter = MiniTest.gen_reporter.stdout({ quit_on_finish = false }) },
})
MiniTest.run()
vim.wait(600000, function()
  return not MiniTest.is_executing()
end)

local failed = false
for _, case in ipairs(MiniTest.current.all_cases or {}) do
  failed = failed or not case.exec or #case.exec.fails > 0
end
io.stdout:write('\n')
vim.cmd(failed and '1cquit' or 'qall!')
