(method_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.method

(annotation_type_element_declaration
  name: (identifier) @name) @definition.method

(constructor_declaration
  name: (identifier) @name
  body: (_) @body) @definition.constructor

(compact_constructor_declaration
  name: (identifier) @name
  body: (_) @body) @definition.constructor

(class_declaration
  name: (identifier) @name
  body: (_) @body) @definition.class

(record_declaration
  name: (identifier) @name
  body: (_) @body) @definition.class

(interface_declaration
  name: (identifier) @name
  body: (_) @body) @definition.interface

(annotation_type_declaration
  name: (identifier) @name
  body: (_) @body) @definition.interface

(enum_declaration
  name: (identifier) @name
  body: (_) @body) @definition.enum

; What has no name of its own is called by the type it makes, or the constant it is.
(object_creation_expression
  type: [
    (type_identifier) @name
    (generic_type (type_identifier) @name)
    (scoped_type_identifier (type_identifier) @name .)
  ]
  (class_body)) @scope.type

(enum_constant
  name: (identifier) @name
  body: (class_body)) @scope.type

; Lambdas bound to a name.
(variable_declarator
  name: (identifier) @name
  value: (lambda_expression body: (_) @body)) @definition.closure

(assignment_expression
  left: [(identifier) @name (field_access field: (identifier) @name)]
  right: (lambda_expression body: (_) @body)) @definition.closure

(field_declaration type: (_) . (variable_declarator) .) @wrapper
(local_variable_declaration type: (_) . (variable_declarator) .) @wrapper

[(annotation) (marker_annotation)] @attribute
