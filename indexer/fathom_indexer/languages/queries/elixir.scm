; def name(...) do ... end and def name(...), do: ..., with or without parentheses and guard.
((call
  target: (identifier) @_def
  (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
  ] (keywords)? @body)
  (do_block)? @body) @definition.function
  (#any-of? @_def "def" "defp" "defdelegate")
  (#not-eq? @name "unquote"))

; def unquote(name)(...) do ... end, def unquote(name), do: ...
((call
  target: (identifier) @_def
  (arguments . [
    (call target: (identifier) @_unquote) @name
    (call target: (call target: (identifier) @_unquote) @name)
    (binary_operator left: [
      (call target: (identifier) @_unquote) @name
      (call target: (call target: (identifier) @_unquote) @name)
    ] operator: "when")
  ] (keywords)? @body)
  (do_block)? @body) @definition.function
  (#any-of? @_def "def" "defp" "defmacro" "defmacrop")
  (#eq? @_unquote "unquote"))

; def left <> right
((call
  target: (identifier) @_def
  (arguments . (binary_operator operator: _ @name) (keywords)? @body)
  (do_block)? @body) @definition.function
  (#any-of? @_def "def" "defp" "defmacro" "defmacrop")
  (#not-eq? @name "when"))

((call
  target: (identifier) @_def
  (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
  ] (keywords)? @body)
  (do_block)? @body) @definition.macro
  (#any-of? @_def "defmacro" "defmacrop" "defguard" "defguardp")
  (#not-eq? @name "unquote"))

; test "what is true", context do ... end
((call
  target: (identifier) @_test
  (arguments . (string) @name)
  (do_block) @body) @definition.function
  (#eq? @_test "test"))

((call
  target: (identifier) @_describe
  (arguments . (string) @name)
  (do_block)) @scope.namespace
  (#eq? @_describe "describe"))

; name = fn ... -> ... end, name = &...
(binary_operator
  left: (identifier) @name
  operator: "="
  right: (anonymous_function . (stab_clause right: (_)? @body))) @definition.closure

(binary_operator
  left: (identifier) @name
  operator: "="
  right: (unary_operator operator: "&")) @definition.closure

((call
  target: (identifier) @_def
  (arguments . (alias) @name .)
  (do_block) @body) @definition.namespace
  (#any-of? @_def "defmodule" "defimpl"))

((call
  target: (identifier) @_def
  (arguments . (alias) @name)
  (do_block (unary_operator operand: (call
    target: (identifier) @_attribute
    (arguments . [(string) (sigil)] @doc)))) @body) @definition.namespace
  (#eq? @_def "defmodule")
  (#eq? @_attribute "moduledoc"))

; defimpl Protocol, for: Type do ... end
((call
  target: (identifier) @_def
  (arguments . (alias) @receiver (keywords (pair key: (keyword) @_for value: (alias) @name)))
  (do_block) @body) @definition.namespace
  (#eq? @_def "defimpl")
  (#match? @_for "^for:"))

((call
  target: (identifier) @_def
  (arguments . (alias) @name)
  (do_block) @body) @definition.interface
  (#eq? @_def "defprotocol"))

; @callback name(...) :: type
((unary_operator operator: "@" operand: (call
  target: (identifier) @_attribute
  (arguments . (binary_operator left: (call target: (identifier) @name) operator: "::")))) @definition.method
  (#any-of? @_attribute "callback" "macrocallback"))

; @type name :: ...
((unary_operator operator: "@" operand: (call
  target: (identifier) @_attribute
  (arguments
    . (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "::")))) @definition.type
  (#any-of? @_attribute "type" "typep" "opaque"))

((unary_operator operator: "@" operand: (call
  target: (identifier) @_attribute
  (arguments . [(string) (sigil) (binary_operator operator: "::")]))) @documentation
  (#any-of? @_attribute "doc" "typedoc" "spec"))

((unary_operator operator: "@" operand: (call
  target: (identifier) @_attribute)) @attribute
  (#any-of? @_attribute "impl" "deprecated" "doc" "dialyzer" "tag"))
