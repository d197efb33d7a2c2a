; Functions; those in a class, or in a file that is one, become methods by nesting.
(function_definition name: (name) @name body: (_) @body) @definition.function

((function_definition name: (name) @name body: (_) @body) @definition.constructor
  (#eq? @name "_init"))
(constructor_definition "_init" @name body: (_) @body) @definition.constructor

; var name: get: ... set(value): ...
(variable_statement name: (name) @name setget: (setget) @body) @definition.function

; var name = func (...): ...
(variable_statement name: (name) @name value: (lambda body: (_) @body)) @definition.closure

(class_definition name: (name) @name body: (_) @body) @definition.class
(enum_definition name: (name) @name body: (_) @body) @definition.enum

; The whole file is the class.
(source (class_name_statement name: (name) @name)) @scope.type

(annotation) @attribute
