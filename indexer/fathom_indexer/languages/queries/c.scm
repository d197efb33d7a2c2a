; The name of a function is as deep in its declarator as what it returns is indirect.
(function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (function_declarator declarator: (parenthesized_declarator (identifier) @name))
    (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
    (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator
      declarator: (identifier) @name)))
    (pointer_declarator declarator: (pointer_declarator declarator: (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name))))
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name))))
  ]
  body: (_) @body
  (#not-match? @name "^(if|for|while|switch|catch|return)$")) @definition.function

; However indirect what it returns is.
(function_definition
  declarator: [(pointer_declarator) (parenthesized_declarator) (array_declarator) (function_declarator)] @declarator
  body: (_) @body) @definition.function

; A macro that defines a function, and a function of old C without a type: to the grammar a call and a block.
((translation_unit
  (expression_statement (call_expression
    function: [
      (identifier) @name
      (call_expression function: (identifier) @name arguments: (_) @arguments)
    ]
    arguments: (_) @arguments)) @definition.function
  . (compound_statement) @definition.function @body)
  (#match? @name "^_*[A-Z][A-Z0-9_]*$"))

((translation_unit
  (expression_statement (call_expression function: (identifier) @name)) @definition.function
  . (compound_statement) @definition.function @body)
  (#not-match? @name "^(_*[A-Z][A-Z0-9_]*|if|for|while|switch|catch|return)$"))

(preproc_function_def
  name: (identifier) @name
  value: (_)? @body) @definition.macro

(struct_specifier
  name: (type_identifier) @name
  body: (_) @body) @definition.struct

(union_specifier
  name: (type_identifier) @name
  body: (_) @body) @definition.struct

(enum_specifier
  name: (type_identifier) @name
  body: (_) @body) @definition.enum

; A typedef of a structure without a tag names it; with a tag, it belongs to the structure.
(type_definition
  type: [
    (struct_specifier !name body: (_) @body)
    (union_specifier !name body: (_) @body)
  ]
  . declarator: [
    (type_identifier) @name
    (pointer_declarator declarator: (type_identifier) @name)
  ]) @definition.struct

(type_definition
  type: (enum_specifier !name body: (_) @body)
  . declarator: (type_identifier) @name) @definition.enum

(type_definition
  type: [
    (macro_type_specifier)
    (primitive_type)
    (sized_type_specifier)
    (type_identifier)
    (struct_specifier !body)
    (union_specifier !body)
    (enum_specifier !body)
  ]
  declarator: [
    (type_identifier) @name
    (array_declarator declarator: (type_identifier) @name)
    (pointer_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator
      declarator: (type_identifier) @name)))
    (pointer_declarator declarator: (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (type_identifier) @name))))
  ]) @definition.type

; Structures with what they declare: a name, a variable, a field.
(type_definition type: [
  (struct_specifier name: (_) body: (_))
  (union_specifier name: (_) body: (_))
  (enum_specifier name: (_) body: (_))
]) @wrapper

(declaration type: [
  (struct_specifier body: (_))
  (union_specifier body: (_))
  (enum_specifier body: (_))
]) @wrapper

(field_declaration type: [
  (struct_specifier body: (_))
  (union_specifier body: (_))
  (enum_specifier body: (_))
]) @wrapper

[(attribute_specifier) (attribute_declaration)] @attribute
