(function_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.function

(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @receiver
        (generic_type type: (type_identifier) @receiver)
        (pointer_type [
          (type_identifier) @receiver
          (generic_type type: (type_identifier) @receiver)
        ])
      ]))
  name: (field_identifier) @name
  body: (_)? @body) @definition.method

(type_spec
  name: (type_identifier) @name
  type: (struct_type (field_declaration_list) @body)) @definition.struct

(type_spec
  name: (type_identifier) @name
  type: (interface_type "{" @body)) @definition.interface

(type_spec
  name: (type_identifier) @name
  type: [
    (array_type)
    (channel_type)
    (function_type)
    (generic_type)
    (map_type)
    (negated_type)
    (pointer_type)
    (qualified_type)
    (slice_type)
    (type_identifier)
  ]) @definition.type

(type_alias
  name: (type_identifier) @name) @definition.type

(method_elem
  name: (field_identifier) @name) @definition.method

; Function literals bound to a name.
(var_spec
  . name: (identifier) @name
  value: (expression_list . (func_literal body: (_) @body) .)) @definition.closure

(short_var_declaration
  left: (expression_list . (identifier) @name .)
  right: (expression_list . (func_literal body: (_) @body) .)) @definition.closure

(assignment_statement
  left: (expression_list . [
    (identifier) @name
    (selector_expression operand: (_) @receiver field: (field_identifier) @name)
  ] .)
  right: (expression_list . (func_literal body: (_) @body) .)) @definition.closure

(keyed_element
  key: (literal_element [
    (identifier) @name
    (interpreted_string_literal (interpreted_string_literal_content) @name)
  ])
  value: (literal_element (func_literal body: (_) @body))) @definition.closure

; Composite literals qualify what is in them.
(var_spec
  . name: (identifier) @name
  value: (expression_list . (composite_literal) .)) @scope.namespace

(short_var_declaration
  left: (expression_list . (identifier) @name .)
  right: (expression_list . [(composite_literal) (unary_expression operand: (composite_literal))] .)) @scope.namespace

; `type` and `var` belong to what they declare where that is only one thing.
(type_declaration . [(type_spec) (type_alias)] .) @wrapper
(var_declaration . (var_spec) .) @wrapper
