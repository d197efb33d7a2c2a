; Functions; those inside a class become methods by nesting.
(function_declaration name: (identifier) @name (function_body)? @body) @definition.function

; Extension functions.
(function_declaration
  [
    (user_type . (identifier) @receiver)
    (nullable_type (user_type . (identifier) @receiver))
  ]
  . "." . name: (identifier) @name
  (function_body)? @body) @definition.function

(secondary_constructor "constructor" @name (block)? @body) @definition.constructor
(anonymous_initializer "init" @name (block) @body) @definition.constructor

; Properties with code, also on other types.
(property_declaration
  (variable_declaration . (identifier) @name)
  [(getter (function_body)) (setter (function_body))] @body) @definition.function

(property_declaration
  [
    (user_type . (identifier) @receiver)
    (nullable_type (user_type . (identifier) @receiver))
  ]
  . "." . (variable_declaration . (identifier) @name)
  [(getter (function_body)) (setter (function_body))] @body) @definition.function

; val name = { ... }, val name = { it -> ... }, val name = fun(...) ...
(property_declaration
  (variable_declaration . (identifier) @name)
  (lambda_literal) @body) @definition.closure
(property_declaration
  (variable_declaration . (identifier) @name)
  (lambda_literal (lambda_parameters) @_parameters "->" . _ @body)) @definition.closure
(property_declaration
  (variable_declaration . (identifier) @name)
  (anonymous_function (function_body) @body)) @definition.closure

(class_declaration "class" name: (identifier) @name (class_body)? @body) @definition.class
(class_declaration "class" name: (identifier) @name (enum_class_body) @body) @definition.enum
(class_declaration "interface" name: (identifier) @name (class_body)? @body) @definition.interface
(object_declaration name: (identifier) @name (class_body)? @body) @definition.object
(type_alias type: (identifier) @name) @definition.type

; What a nameless companion holds is called by the name of its class.
(companion_object name: (identifier) @name (class_body)? @body) @definition.object

; val name = object : Type { ... }
(property_declaration
  (variable_declaration . (identifier) @name)
  (object_literal (class_body) @body)) @definition.object

; An entry of an enum that overrides something.
(enum_entry . (identifier) @name (class_body)) @scope.type

(annotation) @attribute
