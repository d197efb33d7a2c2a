/** The languages whose open documents the server is told about, by VS Code's names. */
const LANGUAGES = [
  'c',
  'cpp',
  'csharp',
  'elixir',
  'go',
  'haskell',
  'java',
  'javascript',
  'javascriptreact',
  'julia',
  'kotlin',
  'lua',
  'ocaml',
  'ocaml.interface',
  'php',
  'powershell',
  'python',
  'ruby',
  'rust',
  'scala',
  'shellscript',
  'swift',
  'typescript',
  'typescriptreact',
  'zig',
];

/** Their documents, saved or not. */
export const SELECTOR = ['file', 'untitled'].flatMap((scheme) => LANGUAGES.map((language) => ({ scheme, language })));
