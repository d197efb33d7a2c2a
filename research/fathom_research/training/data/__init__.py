"""Mining pairs of (query, function) from the source of permissively licensed packages, to train the encoder with.

Data flows one way: `manifest` -> `fetch` -> `sources` -> `mine` (with `variants`) -> `dedup` -> `queries`, `ports` ->
`shards`; `build` runs it all, and resumes after a kill. `docs/training-data.md` says what comes out.
"""
