; Methods, called by the first part of their selector. What an interface declares stays in it, as what a header of C does.
(implementation_definition (method_definition . (method_type)? . (identifier) @name (compound_statement) @body) @definition.method)
(protocol_declaration (method_declaration . (method_type)? . (identifier) @name) @definition.method)
(protocol_declaration (qualified_protocol_interface_declaration
  (method_declaration . (method_type)? . (identifier) @name) @definition.method))

((implementation_definition (method_definition . (method_type)? . (identifier) @name (compound_statement) @body)
  @definition.constructor)
  (#match? @name "^init([A-Z]|$)"))

(class_implementation . (identifier) @name [(instance_variables) (implementation_definition) "@end"] @body) @definition.class
(class_interface
  . (identifier) @name
  [(instance_variables) (method_declaration) (property_declaration) "@end"] @body) @definition.interface
(protocol_declaration
  . (identifier) @name
  [(method_declaration) (property_declaration) (qualified_protocol_interface_declaration) "@end"] @body) @definition.interface

; name = ^(...) { ... }
(init_declarator
  declarator: (function_declarator declarator: (parenthesized_declarator (block_pointer_declarator
    declarator: (identifier) @name)))
  value: (block_literal (compound_statement) @body)) @definition.closure

(type_definition
  declarator: (function_declarator declarator: (parenthesized_declarator (block_pointer_declarator
    declarator: (type_identifier) @name)))) @definition.type

; typedef NS_ENUM(NSInteger, Name) { ... };
(type_definition
  type: (macro_type_specifier
    name: (identifier) @_macro
    type: (type_descriptor type: (type_identifier) @name))
  (#match? @_macro "_(ENUM|OPTIONS)$")) @definition.enum
