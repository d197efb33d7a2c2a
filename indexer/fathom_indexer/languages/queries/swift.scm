; Functions; those inside a type become methods by nesting.
(function_declaration name: _ @name . ["(" (type_parameters)]) @definition.function
(protocol_function_declaration name: _ @name . ["(" (type_parameters)]) @definition.method

(init_declaration "init" @name) @definition.constructor
(deinit_declaration "deinit" @name) @definition.method
(subscript_declaration "subscript" @name (computed_property)? @body) @definition.method

; Properties with code.
(property_declaration
  name: (pattern (simple_identifier) @name)
  [(computed_property) (willset_didset_block)] @body) @definition.function

; let name = { ... }, let name = { (...) in ... }
(property_declaration
  name: (pattern (simple_identifier) @name)
  value: (lambda_literal (statements)? @body)) @definition.closure

(class_declaration declaration_kind: ["class" "actor"] name: (_) @name body: (_) @body) @definition.class
(class_declaration declaration_kind: "struct" name: (_) @name body: (_) @body) @definition.struct
(class_declaration declaration_kind: "enum" name: (_) @name body: (_) @body) @definition.enum
(protocol_declaration name: (_) @name body: (_) @body) @definition.interface
(typealias_declaration name: (_) @name) @definition.type
(macro_declaration (simple_identifier) @name) @definition.macro

; An extension qualifies what is in it with the type it extends.
(class_declaration declaration_kind: "extension" name: (_) @name) @scope.type

(attribute) @attribute
