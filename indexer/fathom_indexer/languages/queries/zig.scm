; Functions; those directly in a type are methods, also where a function returns the type.
(function_declaration name: (identifier) @name) @definition.function

(struct_declaration (function_declaration name: (identifier) @name) @definition.method)
(union_declaration (function_declaration name: (identifier) @name) @definition.method)
(enum_declaration (function_declaration name: (identifier) @name) @definition.method)
(opaque_declaration (function_declaration name: (identifier) @name) @definition.method)

; test "name" { ... }, test name { ... }, test { ... }
(test_declaration [(string) (identifier)] @name (block) @body) @definition.function
(test_declaration "test" @name . (block) @body) @definition.function

; const Name = struct { ... };
(variable_declaration
  (identifier) @name
  [
    (struct_declaration "{" @body)
    (union_declaration "{" @body)
    (opaque_declaration "{" @body)
  ]) @definition.struct

(variable_declaration
  (identifier) @name
  [
    (enum_declaration "{" @body)
    (error_set_declaration "{" @body)
  ]) @definition.enum
