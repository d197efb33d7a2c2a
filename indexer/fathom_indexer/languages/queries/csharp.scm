(method_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.method

(local_function_statement
  name: (identifier) @name
  body: (_) @body) @definition.function

(constructor_declaration
  name: (identifier) @name
  body: (_) @body) @definition.constructor

(destructor_declaration
  "~" @name
  name: (identifier) @name
  body: (_) @body) @definition.method

(operator_declaration
  "operator" @name
  operator: _ @name
  body: (_) @body) @definition.method

(conversion_operator_declaration
  "operator" @name
  type: (_) @name
  body: (_) @body) @definition.method

; Properties, indexers and events with code in them.
(property_declaration
  name: (identifier) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @definition.method

(property_declaration
  name: (identifier) @name
  value: (arrow_expression_clause) @body) @definition.method

(indexer_declaration
  "this" @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @definition.method

(indexer_declaration
  "this" @name
  value: (arrow_expression_clause) @body) @definition.method

(event_declaration
  name: (identifier) @name
  accessors: (accessor_list) @body) @definition.method

(class_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(record_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(struct_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.struct

(interface_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.interface

(enum_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.enum

(delegate_declaration
  name: (identifier) @name) @definition.type

(namespace_declaration
  name: (_) @name) @scope.namespace

; This one is a statement: it holds for the rest of the file.
(compilation_unit
  (file_scoped_namespace_declaration name: (_) @name)) @scope.namespace

; Lambdas bound to a name.
(variable_declarator
  name: (identifier) @name
  [
    (lambda_expression body: (_) @body)
    (anonymous_method_expression (block) @body)
  ]) @definition.closure

(assignment_expression
  left: [
    (identifier) @name
    (member_access_expression expression: "this" name: (identifier) @name)
    (member_access_expression
      expression: [(identifier) (member_access_expression)] @receiver
      name: (identifier) @name)
  ]
  right: [
    (lambda_expression body: (_) @body)
    (anonymous_method_expression (block) @body)
  ]) @definition.closure

(variable_declaration type: (_) . (variable_declarator) .) @wrapper
[
  (field_declaration)
  (local_declaration_statement)
  (global_statement)
] @wrapper

(attribute_list) @attribute
