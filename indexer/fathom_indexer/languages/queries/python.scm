; Functions; those inside a class become methods by nesting.
(function_definition
  name: (identifier) @name
  body: (block . (expression_statement (string) @doc)?) @body) @definition.function

((function_definition
  name: (identifier) @name
  body: (block . (expression_statement (string) @doc)?) @body) @definition.constructor
  (#any-of? @name "__init__" "__new__"))

; A lambda bound to a name.
(expression_statement
  (assignment
    left: (identifier) @name
    right: (lambda body: (_) @body))) @definition.closure

(class_definition
  name: (identifier) @name
  body: (block . (expression_statement (string) @doc)?) @body) @definition.class
