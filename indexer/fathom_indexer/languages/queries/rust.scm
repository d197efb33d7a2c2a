; Functions; those in an `impl` or a trait become methods by nesting.
(function_item
  name: (identifier) @name
  body: (_) @body) @definition.function

(impl_item
  body: (declaration_list
    (function_item
      name: (identifier) @name
      body: (_) @body) @definition.constructor)
  (#eq? @name "new"))

(trait_item
  body: (declaration_list
    (function_signature_item name: (identifier) @name) @definition.method))

; What another language implements, or a macro.
(function_signature_item name: (identifier) @name) @definition.function

; Items that a macro takes: `cfg_net! { impl Stream { ... } }`.
(source_file [
  (macro_invocation (token_tree) @items)
  (expression_statement (macro_invocation (token_tree) @items))
])
(declaration_list (macro_invocation (token_tree) @items))

(macro_definition
  name: (identifier) @name
  . (macro_rule)? @body) @definition.macro

(struct_item
  name: (type_identifier) @name
  body: (field_declaration_list)? @body) @definition.struct

(union_item
  name: (type_identifier) @name
  body: (_) @body) @definition.struct

(enum_item
  name: (type_identifier) @name
  body: (_) @body) @definition.enum

(trait_item
  name: (type_identifier) @name
  body: (_) @body) @definition.trait

(type_item
  name: (type_identifier) @name) @definition.type

(mod_item
  name: (identifier) @name
  body: (_)) @scope.namespace

(impl_item
  type: [
    (type_identifier) @name
    (primitive_type) @name
    (array_type) @name
    (tuple_type) @name
    (pointer_type) @name
    (scoped_type_identifier name: (type_identifier) @name)
    (generic_type type: [
      (type_identifier) @name
      (scoped_type_identifier name: (type_identifier) @name)
    ])
    (dynamic_type trait: [
      (type_identifier) @name
      (scoped_type_identifier name: (type_identifier) @name)
      (generic_type type: (type_identifier) @name)
    ])
    (function_type) @name
    (never_type) @name
    (bounded_type . [
      (dynamic_type trait: [
        (type_identifier) @name
        (scoped_type_identifier name: (type_identifier) @name)
        (generic_type type: (type_identifier) @name)
      ])
      (reference_type type: (dynamic_type trait: [
        (type_identifier) @name
        (scoped_type_identifier name: (type_identifier) @name)
        (generic_type type: (type_identifier) @name)
      ]))
    ])
    (tuple_type . (bounded_type . (dynamic_type trait: [
      (type_identifier) @name
      (scoped_type_identifier name: (type_identifier) @name)
      (generic_type type: (type_identifier) @name)
    ])) @_inner .)
    (reference_type type: [
      (type_identifier) @name
      (scoped_type_identifier name: (type_identifier) @name)
      (dynamic_type trait: [
        (type_identifier) @name
        (scoped_type_identifier name: (type_identifier) @name)
        (generic_type type: (type_identifier) @name)
      ])
      (primitive_type) @name
      (array_type) @name
      (generic_type type: (type_identifier) @name)
    ])
  ]) @scope.type

; Closures bound to a name.
(let_declaration
  pattern: (identifier) @name
  value: (closure_expression body: (_) @body)) @definition.closure

(const_item
  name: (identifier) @name
  value: (closure_expression body: (_) @body)) @definition.closure

(static_item
  name: (identifier) @name
  value: (closure_expression body: (_) @body)) @definition.closure

(field_initializer
  field: (field_identifier) @name
  value: (closure_expression body: (_) @body)) @definition.closure

(attribute_item) @attribute
