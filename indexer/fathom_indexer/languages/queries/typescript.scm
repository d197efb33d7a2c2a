(function_declaration
  name: (identifier) @name
  body: (_) @body) @definition.function

(generator_function_declaration
  name: (identifier) @name
  body: (_) @body) @definition.function

(class_declaration
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(abstract_class_declaration
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(interface_declaration
  name: (type_identifier) @name
  body: (_) @body) @definition.interface

(enum_declaration
  name: (identifier) @name
  body: (_) @body) @definition.enum

(type_alias_declaration
  name: (type_identifier) @name) @definition.type

(internal_module
  name: [(identifier) (nested_identifier)] @name) @scope.namespace

(module
  name: [
    (identifier) @name
    (nested_identifier) @name
    (string (string_fragment) @name)
  ]) @scope.namespace

; `export default` of something without a name.
(export_statement
  "default" @name
  value: [
    (function_expression !name body: (_) @body)
    (generator_function !name body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @definition.function

(export_statement
  "default" @name
  value: (class !name body: (_) @body)) @definition.class

; Members of classes and object literals.
(method_definition
  name: [
    (property_identifier) @name
    (private_property_identifier) @name
    (computed_property_name) @name
    (number) @name
    (string (string_fragment) @name)
  ]
  body: (_) @body) @definition.method

(class_body
  (method_definition
    name: (property_identifier) @name
    body: (_) @body) @definition.constructor
  (#eq? @name "constructor"))

(public_field_definition
  name: [(property_identifier) (private_property_identifier)] @name
  value: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @definition.method

(pair
  key: [
    (property_identifier) @name
    (computed_property_name) @name
    (number) @name
    (string (string_fragment) @name)
  ]
  value: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @definition.method

; Object literals qualify what is in them.
(variable_declarator
  name: (identifier) @name
  value: (object)) @scope.type

(assignment_expression
  left: [
    (identifier) @name
    (member_expression property: (property_identifier) @name)
    (member_expression
      object: [(identifier) @name (member_expression property: (property_identifier) @name)]
      property: (property_identifier) @_prototype
      (#eq? @_prototype "prototype"))
  ]
  right: (object)
  (#not-match? @name "^(exports|prototype)$")) @scope.type

(pair
  key: (property_identifier) @name
  value: (object [
    (method_definition)
    (pair value: [(function_expression) (generator_function) (arrow_function)])
  ])) @scope.type

; Functions that are declared only.
(function_signature name: (identifier) @name) @definition.function

(class_body
  (method_signature
    name: [
      (property_identifier) @name
      (private_property_identifier) @name
      (computed_property_name) @name
      (string (string_fragment) @name)
    ]) @definition.method)

(class_body
  (method_signature name: (property_identifier) @name) @definition.constructor
  (#eq? @name "constructor"))

; Methods that others implement.
(abstract_method_signature
  name: [
    (property_identifier) @name
    (computed_property_name) @name
    (string (string_fragment) @name)
  ]) @definition.method

(interface_body
  (method_signature
    name: [
      (property_identifier) @name
      (computed_property_name) @name
      (string (string_fragment) @name)
    ]) @definition.method)

[(export_statement) (ambient_declaration)] @wrapper
(expression_statement (assignment_expression)) @wrapper

(decorator) @attribute

; Overload signatures belong to the implementation that follows them.
(class_body
  (method_signature name: (_) @_name) @attribute
  . (comment)* .
  [(method_signature name: (_) @_next) (method_definition name: (_) @_next)]
  (#eq? @_name @_next))

((function_signature name: (_) @_name) @attribute
  . (comment)* .
  [(function_signature name: (_) @_next) (function_declaration name: (_) @_next)]
  (#eq? @_name @_next))

((ambient_declaration (function_signature name: (_) @_name)) @attribute
  . (comment)* .
  (ambient_declaration (function_signature name: (_) @_next))
  (#eq? @_name @_next))

((export_statement declaration: (ambient_declaration (function_signature name: (_) @_name))) @attribute
  . (comment)* .
  (export_statement declaration: (ambient_declaration (function_signature name: (_) @_next)))
  (#eq? @_name @_next))

((export_statement declaration: (function_signature name: (_) @_name)) @attribute
  . (comment)* .
  (export_statement
    declaration: [(function_signature name: (_) @_next) (function_declaration name: (_) @_next)])
  (#eq? @_name @_next))
