; def name(...) do ... end, with or without parentheses and guard.
((call
  target: (identifier) @_def
  arguments: (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: (identifier) @name operator: "when")
    (binary_operator left: (call target: (identifier) @name) operator: "when")
  ] .)
  (do_block) @body) @definition.function
  (#any-of? @_def "def" "defp"))
