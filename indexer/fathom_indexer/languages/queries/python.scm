; Functions; those inside a class become methods by nesting.
(function_definition
  name: (identifier) @name
  body: (block . (comment)* . (expression_statement . (string) @doc .)?) @body) @definition.function

(class_definition
  body: (block
    [
      (function_definition name: (identifier) @name body: (_) @body) @definition.constructor
      (decorated_definition
        definition: (function_definition name: (identifier) @name body: (_) @body) @definition.constructor)
    ])
  (#any-of? @name "__init__" "__new__"))

; A lambda bound to a name.
(expression_statement
  (assignment
    left: [(identifier) @name (attribute attribute: (identifier) @name)]
    right: (lambda body: (_) @body))) @definition.closure

(class_definition
  name: (identifier) @name
  body: (block . (comment)* . (expression_statement . (string) @doc .)?) @body) @definition.class

(type_alias_statement
  left: (type [(identifier) @name (generic_type . (identifier) @name)])) @definition.type

(decorated_definition) @wrapper

(decorator) @attribute
