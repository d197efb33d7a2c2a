; The name of a function is as deep in its declarator as what it returns is indirect.
(function_definition
  declarator: [
    (function_declarator
      declarator: [(identifier) (operator_name) (template_function)] @name)
    (function_declarator
      declarator: (parenthesized_declarator (identifier) @name))
    (pointer_declarator declarator: (function_declarator
      declarator: [(identifier) (operator_name) (template_function)] @name))
    (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator
      declarator: [(identifier) (operator_name) (template_function)] @name)))
    (reference_declarator (function_declarator
      declarator: [(identifier) (operator_name) (template_function)] @name))
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name))))
  ]
  body: (_) @body
  (#not-match? @name "^(if|for|while|switch|catch|return)$")) @definition.function

; In a class, or defined outside of it.
(function_definition
  declarator: [
    (operator_cast) @name
    (qualified_identifier name: (operator_cast)) @name
    (qualified_identifier name: (qualified_identifier name: (operator_cast))) @name
    (qualified_identifier name: (qualified_identifier name: (qualified_identifier name: (operator_cast)))) @name
    (function_declarator
      declarator: [(field_identifier) (destructor_name) (qualified_identifier)] @name)
    (pointer_declarator declarator: (function_declarator
      declarator: [(field_identifier) (qualified_identifier)] @name))
    (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator
      declarator: [(field_identifier) (qualified_identifier)] @name)))
    (reference_declarator (function_declarator
      declarator: [(field_identifier) (qualified_identifier)] @name))
  ]
  body: (_) @body) @definition.method

; Only constructors have neither a type nor a tilde.
(_
  name: [(type_identifier) @_class (template_type name: (type_identifier) @_class)
    (qualified_identifier name: (type_identifier) @_class)]
  body: (field_declaration_list [
    (function_definition
      !type
      declarator: (function_declarator declarator: (identifier) @name)
      body: (_) @body) @definition.constructor
    (_ (function_definition
      !type
      declarator: (function_declarator declarator: (identifier) @name)
      body: (_) @body) @definition.constructor)
  ])
  (#eq? @_class @name))

; However indirect what it returns is.
(function_definition
  declarator: [
    (pointer_declarator)
    (reference_declarator)
    (parenthesized_declarator)
    (array_declarator)
    (function_declarator)
  ] @declarator
  body: (_) @body) @definition.function

; A macro that defines a function: it has no type.
(function_definition
  !type
  declarator: [
    (function_declarator declarator: (identifier) @name parameters: (_) @arguments)
    (function_declarator
      declarator: (function_declarator declarator: (identifier) @name parameters: (_) @arguments))
  ]
  body: (_) @body
  (#match? @name "^_*[A-Z][A-Z0-9_]*$")) @definition.function

; The same with a text, which no parameter can be.
((expression_statement (call_expression
    function: (identifier) @name
    arguments: (_) @arguments)) @definition.function
  . (compound_statement) @definition.function @body
  (#match? @name "^_*[A-Z][A-Z0-9_]*$"))

(function_definition
  !type
  declarator: (function_declarator
    declarator: (qualified_identifier) @name)
  body: (_) @body
  (#not-match? @name "~|operator")) @definition.constructor

; Methods that others implement.
(field_declaration
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name)] @name)
    (pointer_declarator declarator: (function_declarator
      declarator: [(field_identifier) (operator_name)] @name))
    (reference_declarator (function_declarator
      declarator: [(field_identifier) (operator_name)] @name))
    (pointer_declarator declarator: (reference_declarator (function_declarator
      declarator: [(field_identifier) (operator_name)] @name)))
    (operator_cast) @name
  ]
  default_value: (number_literal)) @definition.method

(preproc_function_def
  name: (identifier) @name
  value: (_)? @body) @definition.macro

(class_specifier
  name: (_) @name
  body: (_) @body) @definition.class

(struct_specifier
  name: (_) @name
  body: (_) @body) @definition.struct

(union_specifier
  name: (_) @name
  body: (_) @body) @definition.struct

(enum_specifier
  name: (_) @name
  body: (_) @body) @definition.enum

(concept_definition
  name: (identifier) @name) @definition.type

(alias_declaration
  name: (type_identifier) @name) @definition.type

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
    (decltype)
    (dependent_type)
    (primitive_type)
    (qualified_identifier)
    (sized_type_specifier)
    (template_type)
    (type_identifier)
    (struct_specifier !body)
    (class_specifier !body)
    (union_specifier !body)
    (enum_specifier !body)
  ]
  declarator: [
    (type_identifier) @name
    (array_declarator declarator: (type_identifier) @name)
    (pointer_declarator declarator: (type_identifier) @name)
    (reference_declarator (type_identifier) @name)
    (function_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator
      declarator: (type_identifier) @name)))
  ]) @definition.type

(namespace_definition
  name: (_) @name) @scope.namespace

; Lambdas bound to a name.
(init_declarator
  declarator: (identifier) @name
  value: (lambda_expression body: (_) @body)) @definition.closure

(field_declaration
  declarator: (field_identifier) @name
  default_value: (lambda_expression body: (_) @body)) @definition.closure

(assignment_expression
  left: [
    (identifier) @name
    (field_expression argument: (this) field: (field_identifier) @name)
    (field_expression argument: (identifier) @receiver field: (field_identifier) @name)
  ]
  right: (lambda_expression body: (_) @body)) @definition.closure

(declaration type: (_) . (init_declarator) .) @wrapper

; Structures with what they declare: a name, a variable, a field.
(type_definition type: [
  (struct_specifier name: (_) body: (_))
  (union_specifier name: (_) body: (_))
  (enum_specifier name: (_) body: (_))
]) @wrapper

(declaration type: [
  (class_specifier body: (_))
  (struct_specifier body: (_))
  (union_specifier body: (_))
  (enum_specifier body: (_))
]) @wrapper

(field_declaration type: [
  (class_specifier body: (_))
  (struct_specifier body: (_))
  (union_specifier body: (_))
  (enum_specifier body: (_))
]) @wrapper

[(template_declaration) (friend_declaration)] @wrapper
(linkage_specification body: (function_definition)) @wrapper

[(attribute_specifier) (attribute_declaration)] @attribute
