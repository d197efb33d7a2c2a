; Functions; those inside a class become methods by nesting.
(function_declaration "fun" . name: (identifier) @name (function_body) @body) @definition.function
(function_declaration "fun" . (type_parameters) . name: (identifier) @name (function_body) @body) @definition.function

; Extension functions.
(function_declaration
  [
    (user_type . (identifier) @receiver)
    (nullable_type (user_type . (identifier) @receiver))
  ]
  . "."
  . name: (identifier) @name
  (function_body) @body) @definition.function

; Without a body: abstract, external, or of an interface.
(function_declaration name: (identifier) @name (function_value_parameters) (_)? .) @definition.function

(secondary_constructor "constructor" @name (block) @body) @definition.constructor
(secondary_constructor "constructor" @name [(function_value_parameters) (constructor_delegation_call)] .) @definition.constructor
(anonymous_initializer "init" @name (block) @body) @definition.constructor

; Properties with code.
(property_declaration
  (variable_declaration . (identifier) @name)
  [(getter (function_body)) (setter (function_body))] @body) @definition.function

(property_declaration
  [
    (user_type . (identifier) @receiver)
    (nullable_type (user_type . (identifier) @receiver))
  ]
  . "."
  . (variable_declaration . (identifier) @name)
  [(getter (function_body)) (setter (function_body))] @body) @definition.function

; val name = { ... }; val name = fun(...) ...
(property_declaration
  (variable_declaration . (identifier) @name)
  (lambda_literal "->" . (_) @body)) @definition.closure
(property_declaration
  (variable_declaration . (identifier) @name)
  (lambda_literal . "{" @body . [(_) "}"])) @definition.closure
(property_declaration
  (variable_declaration . (identifier) @name)
  (anonymous_function (function_body) @body)) @definition.closure

(class_declaration "class" name: (identifier) @name) @definition.class
