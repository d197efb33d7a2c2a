; Functions; those inside a class, trait or object become methods by nesting.
(function_definition name: (_) @name) @definition.function

; Without a body: abstract.
(function_declaration name: (_) @name) @definition.function

((function_definition name: (_) @name) @definition.constructor
  (#eq? @name "this"))

; val name = (...) => ..., val name = { case ... => ... }
(val_definition
  pattern: (identifier) @name
  value: [
    (lambda_expression "=>" . (_) @body)
    (case_block) @body
    (block . (lambda_expression "=>" . (_) @body) .)
  ]) @definition.closure

(class_definition name: (_) @name body: (_)? @body) @definition.class
(trait_definition name: (_) @name body: (_)? @body) @definition.trait
(enum_definition name: (_) @name body: (_) @body) @definition.enum
(object_definition name: (_) @name body: (_)? @body) @definition.object
(package_object name: (_) @name body: (_) @body) @definition.object
(type_definition name: (_) @name) @definition.type

; val name = new Type { ... }, given name: Type = new Type { ... }
(val_definition
  pattern: (identifier) @name
  value: (instance_expression (template_body) @body)) @definition.object
(given_definition
  name: (_) @name
  body: (instance_expression (template_body) @body)) @definition.object

; given name: Type with ..., given Type with ...
(given_definition name: (_) @name body: (with_template_body) @body) @definition.object
(given_definition
  !name
  return_type: [(type_identifier) @name (generic_type type: (type_identifier) @name)]
  body: (with_template_body) @body) @definition.object

; Extension methods belong to the type they extend.
(extension_definition
  parameters: (parameters . (parameter
    type: [(type_identifier) @name (generic_type type: (type_identifier) @name)]))) @scope.type

(annotation) @attribute
