; Functions at the top level and in other functions; those directly in a class become methods by nesting.
(method name: (_) @name body: (_) @body) @definition.function
(method name: (_) @name !body "end" @body) @definition.function

(singleton_method name: (_) @name body: (_) @body) @definition.method
(singleton_method name: (_) @name !body "end" @body) @definition.method

; A module is a namespace, but what it defines are methods: of what includes it, or of the module itself.
(module body: (body_statement [
  (method name: (_) @name body: (_) @body)
  (method name: (_) @name !body "end" @body)
] @definition.method))

(module body: (body_statement (call arguments: (argument_list [
  (method name: (_) @name body: (_) @body)
  (method name: (_) @name !body "end" @body)
] @definition.method))))

(singleton_class body: (body_statement [
  (method name: (_) @name body: (_) @body)
  (method name: (_) @name !body "end" @body)
] @definition.method))

((method name: (identifier) @name body: (_) @body) @definition.constructor
  (#eq? @name "initialize"))

; define_method(:name) { ... }
((call
  method: (identifier) @_define
  arguments: (argument_list . [(simple_symbol) (string)] @name)
  block: [(do_block body: (_) @body) (block body: (_) @body)]) @definition.method
  (#any-of? @_define "define_method" "define_singleton_method"))

; name = ->(...) { ... }
(assignment
  left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name
  right: (lambda body: (_) @body)) @definition.closure

; name = lambda { ... }, name = proc { ... }
((assignment
  left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name
  right: (call !receiver method: (identifier) @_make
    block: [(do_block body: (_) @body) (block body: (_) @body)])) @definition.closure
  (#any-of? @_make "lambda" "proc"))

; name = Proc.new { ... }
((assignment
  left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name
  right: (call receiver: (constant) @_class method: (identifier) @_new
    block: [(do_block body: (_) @body) (block body: (_) @body)])) @definition.closure
  (#eq? @_class "Proc")
  (#eq? @_new "new"))

(class name: (_) @name body: (_) @body) @definition.class
(class name: (_) @name !body "end" @body) @definition.class

; Name = Struct.new(...) do ... end
((assignment
  left: (constant) @name
  right: (call receiver: (constant) @_class method: (identifier) @_new
    block: [(do_block body: (_) @body) (block body: (_) @body)])) @definition.class
  (#any-of? @_class "Struct" "Class" "Data")
  (#any-of? @_new "new" "define"))

(module name: (_) @name body: (_) @body) @definition.namespace
(module name: (_) @name !body "end" @body) @definition.namespace
