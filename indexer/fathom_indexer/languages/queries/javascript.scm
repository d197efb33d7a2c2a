(function_declaration
  name: (identifier) @name
  body: (_) @body) @definition.function

(generator_function_declaration
  name: (identifier) @name
  body: (_) @body) @definition.function

(class_declaration
  name: (identifier) @name
  body: (_) @body) @definition.class

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

(field_definition
  property: [(property_identifier) (private_property_identifier)] @name
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

(export_statement) @wrapper
(expression_statement (assignment_expression)) @wrapper

(decorator) @attribute
