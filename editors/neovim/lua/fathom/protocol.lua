---@meta
-- The requests that Fathom adds to the Language Server Protocol. Types only; nothing requires this file.

---One result. Lines are 1-based and inclusive; `location.range` says the same in LSP terms.
---@class fathom.Hit
---@field path string relative to the workspace root, with forward slashes
---@field startLine integer
---@field endLine integer
---@field name string empty for code outside functions
---@field qualifiedName string
---@field kind string
---@field language string
---@field score? number only of results of a search
---@field signature string the declaration up to the body, on one line; may be empty
---@field snippet? string only of results of a search
---@field copies? string[] where the same code stands elsewhere, as `path:line`
---@field location lsp.Location

---Answer to `fathom/search` and `fathom/similar`, best result first.
---@class fathom.SearchResult
---@field compared? fathom.Hit what the results are like; only of `fathom/similar`
---@field results fathom.Hit[]
---@field indexing boolean true while the index is still being built, so that results may be missing
---@field message? string why results of some folder are missing
---@field complete boolean false for a first order, which another one follows

---A function of a group of copies.
---@class fathom.Clone : fathom.Hit
---@field clone? string how it is like one of those before it
---@field similarity number to the first one, up to 1

---@class fathom.DuplicateGroup
---@field kind 'exact'|'renamed'|'near'
---@field similarity number
---@field tokens integer
---@field clones fathom.Clone[]

---Answer to `fathom/duplicates`.
---@class fathom.Duplicates
---@field groups fathom.DuplicateGroup[]
---@field indexing boolean
---@field message? string why groups of some folder are missing

---@class fathom.Progress
---@field stage string
---@field done integer
---@field total integer

---How far a stage of the index is: `parse` (found by words), `embed` (by meaning), `deepen` (the final order).
---@class fathom.Coverage
---@field stage 'parse'|'embed'|'deepen'
---@field done integer
---@field total integer

---A project's index. With an `error`, only `rootUri` and `state` are there besides.
---@class fathom.RootStatus
---@field rootUri lsp.URI
---@field state 'starting'|'ready'|'dead' of the indexer process
---@field error? string
---@field message? string what is wrong, or why results may be missing
---@field root string
---@field indexPath string
---@field files integer
---@field functions integer
---@field embedded integer functions that have a vector
---@field indexBytes integer
---@field model string
---@field coverage? fathom.Coverage[]
---@field languages table<string, integer> functions a language
---@field skipped table<string, integer> files left out, by reason
---@field indexing boolean
---@field progress? fathom.Progress
---@field deepening? boolean
---@field paused? string
---@field clients? integer editors and commands that share the indexer

---Answer to `fathom/status`.
---@class fathom.Status
---@field version string
---@field roots fathom.RootStatus[]
