; Functions at the top level and in other functions; those in a class become methods by nesting.
(method name: (_) @name) @definition.function
(singleton_method name: (_) @name) @definition.method

; A module is a namespace, but what it defines are methods: of what includes it, or of the module itself.
(module body: (body_statement
  (method name: (_) @name) @definition.method))
(module body: (body_statement (call arguments: (argument_list
  (method name: (_) @name) @definition.method))))
(singleton_class body: (body_statement
  (method name: (_) @name) @definition.method))

((method name: (identifier) @name) @definition.constructor
  (#eq? @name "initialize"))

; define_method(:name) { ... }
((call
  method: (identifier) @_define
  arguments: (argument_list . [(simple_symbol) (string)] @name)
  block: [(do_block body: (_) @body) (block body: (_) @body)]) @definition.method
  (#any-of? @_define "define_method" "define_singleton_method"))

; name = ->(...) { ... }
(assignment
  left: (_) @name
  right: (lambda body: (_) @body)) @definition.closure

; name = lambda { ... }, name = proc { ... }
((assignment
  left: (_) @name
  right: (call
    !receiver
    method: (identifier) @_make
    block: [(do_block body: (_) @body) (block body: (_) @body)])) @definition.closure
  (#any-of? @_make "lambda" "proc"))

; name = Proc.new { ... }
((assignment
  left: (_) @name
  right: (call
    receiver: (constant) @_class
    method: (identifier) @_make
    block: [(do_block body: (_) @body) (block body: (_) @body)])) @definition.closure
  (#eq? @_class "Proc")
  (#eq? @_make "new"))

(class name: (_) @name body: (_)? @body) @definition.class
(module name: (_) @name body: (_)? @body) @definition.namespace

; Name = Struct.new(...) do ... end
((assignment
  left: (constant) @name
  right: (call
    receiver: (constant) @_class
    method: (identifier) @_make
    block: [(do_block body: (_) @body) (block body: (_) @body)])) @definition.class
  (#any-of? @_class "Struct" "Class" "Data")
  (#any-of? @_make "new" "define"))

; private def name ... end
(call !receiver arguments: (argument_list . [(method) (singleton_method)] .) @wrapper) @wrapper
((call !receiver method: (identifier) @_visibility arguments: (argument_list . (call) .) @wrapper) @wrapper
  (#any-of? @_visibility "private" "protected" "public"))

; Tests, named by what they say: it "..." do ... end, RSpec.describe Thing, type: :model do ... end.
((call
  method: (identifier) @_test
  arguments: (argument_list . [(string) (constant) (scope_resolution) (simple_symbol)] @name)
  block: [(do_block body: (_)? @body) (block body: (_)? @body)]) @definition.function
  (#match? @_test "^[fx]?(it|describe|context|specify|example|feature|scenario|test|shared_examples|shared_context)$"))
