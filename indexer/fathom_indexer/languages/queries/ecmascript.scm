; Closures that get their name from where they are put: the same in JavaScript and TypeScript.

; Bound to a variable: the whole statement where that declares nothing else.
(_ .
  (variable_declarator
    name: (identifier) @name
    value: [
        (function_expression body: (_) @body)
        (generator_function body: (_) @body)
        (arrow_function body: (_) @body)
      ]) .) @definition.closure

(variable_declarator
  name: (identifier) @name
  value: [
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)
      (arrow_function body: (_) @body)
    ]) @definition.closure

(_ .
  (variable_declarator
    name: (identifier) @name
    value: (class body: (_) @body)) .) @definition.class

; Made by a function from a function, at the top level: `const Button = memo((props) => ...)`.
(program
  (_ .
    (variable_declarator
      name: (identifier) @name
      value: (call_expression
        arguments: (arguments [
          (function_expression body: (_) @body)
          (arrow_function body: (_) @body)
        ]))) .) @definition.closure)

(program
  (export_statement
    declaration: (_ .
      (variable_declarator
        name: (identifier) @name
        value: (call_expression
          arguments: (arguments [
            (function_expression body: (_) @body)
            (arrow_function body: (_) @body)
          ]))) .) @definition.closure))

; Assigned to a name or property.
(assignment_expression
  left: [
    (identifier) @name
    (member_expression
      object: [(this) (call_expression) (subscript_expression)]
      property: (_) @name)
    (member_expression
      object: [(identifier) (member_expression)] @receiver
      property: (_) @name)
  ] @_left
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]
  (#not-eq? @_left "module.exports")) @definition.closure

(assignment_expression
  left: (member_expression
    object: (member_expression
      object: (_) @receiver
      property: (property_identifier) @_prototype)
    property: (_) @name)
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]
  (#eq? @_prototype "prototype")) @definition.method

; module.exports is called by what it is set to, if that has a name.
(assignment_expression
  left: (member_expression
    object: _ @_object
    property: (_) @name)
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]
  (#any-of? @_object "exports" "module.exports")) @definition.function

(assignment_expression
  left: (member_expression) @_exports
  right: [
    (function_expression name: (identifier) @name body: (_) @body)
    (generator_function name: (identifier) @name body: (_) @body)
  ]
  (#eq? @_exports "module.exports")) @definition.function

(assignment_expression
  left: (member_expression property: (_) @name) @_exports
  right: [
    (function_expression !name body: (_) @body)
    (generator_function !name body: (_) @body)
    (arrow_function body: (_) @body)
  ]
  (#eq? @_exports "module.exports")) @definition.function

(assignment_expression
  left: (member_expression) @_exports
  right: (class name: (_) @name body: (_) @body)
  (#eq? @_exports "module.exports")) @definition.class

(assignment_expression
  left: (member_expression property: (_) @name) @_exports
  right: (class !name body: (_) @body)
  (#eq? @_exports "module.exports")) @definition.class

(assignment_expression
  left: [
    (identifier) @name
    (member_expression property: (_) @name)
  ] @_left
  right: (class body: (_) @body)
  (#not-eq? @_left "module.exports")) @definition.class

; Tests, named by what they say: it("...", () => ...), test.only(`...`, function () ...).
((call_expression
  function: [
    (identifier) @_test
    (member_expression object: (identifier) @_test)
    (call_expression function: [(identifier) @_test (member_expression object: (identifier) @_test)])
  ]
  arguments: (arguments
    . [(string) (template_string)] @name
    [
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)
      (arrow_function body: (_) @body)
    ])) @definition.function
  (#match? @_test "^[fx]?(it|test|describe|context|suite|specify|scenario|feature|bench)$"))

; Functions that only their own name binds.
(arguments
  (function_expression
    name: (identifier) @name
    body: (_) @body) @definition.closure)

(return_statement
  (function_expression
    name: (identifier) @name
    body: (_) @body) @definition.closure)

(parenthesized_expression
  (function_expression
    name: (identifier) @name
    body: (_) @body) @definition.closure)
