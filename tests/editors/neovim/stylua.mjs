// Formats Lua files as editors/neovim/stylua.toml says: `node stylua.mjs STYLUA_MODULE CONFIG [--write] FILE...`.
// StyLua's npm package is a library, so this is its command line. Prints the files that are not formatted.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [library, config, ...rest] = process.argv.slice(2);
const { Config, OutputVerification, formatCode, ...enums } = createRequire(import.meta.url)(library);
const write = rest.includes('--write');
let wrong = 0;
for (const file of rest.filter((argument) => argument !== '--write')) {
  const source = readFileSync(file, 'utf8');
  const style = Config.new();
  for (const [, key, value] of readFileSync(config, 'utf8').matchAll(/^(\w+) = "?(\w+)"?$/gm)) {
    const choices = { indent_type: enums.IndentType, quote_style: enums.QuoteStyle }[key];
    style[key] = choices ? choices[value] : Number(value);
  }
  const formatted = formatCode(source, style, undefined, OutputVerification.None);
  if (formatted !== source) {
    wrong += 1;
    console.log(file);
    if (write) writeFileSync(file, formatted);
  }
}
process.exit(wrong && !write ? 1 : 0);
