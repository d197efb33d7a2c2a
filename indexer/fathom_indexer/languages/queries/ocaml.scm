; let name parameter ... = ..., let name = function ...
(let_binding
  pattern: [(value_name) (parenthesized_operator)] @name
  (parameter)
  body: (_) @body) @definition.function
(let_binding
  pattern: [(value_name) (parenthesized_operator)] @name
  body: (function_expression) @body) @definition.function

; The whole `let` when it binds one function, and not several with `and`.
(value_definition
  ["let" "rec" (attribute) (attribute_id)]
  . (let_binding
    pattern: [(value_name) (parenthesized_operator)] @name
    (parameter)
    body: (_) @body) .) @definition.function
(value_definition
  ["let" "rec" (attribute) (attribute_id)]
  . (let_binding
    pattern: [(value_name) (parenthesized_operator)] @name
    body: (function_expression) @body) .) @definition.function

; let name = fun ... -> ...
(value_definition
  (let_binding
    pattern: (value_name) @name
    body: (fun_expression "->" . (_) @body)) .) @definition.closure

; Without a body.
(value_specification [(value_name) (parenthesized_operator)] @name) @definition.function
(external (value_name) @name "=" @body) @definition.function

(method_definition (method_name) @name) @definition.method
(method_specification (method_name) @name) @definition.method

(class_definition (class_binding (class_name) @name body: (_) @body) .) @definition.class
(class_type_definition (class_type_binding (class_type_name) @name body: (_) @body) .) @definition.interface

(module_definition (module_binding (module_name) @name body: (structure) @body)) @definition.namespace
(module_definition (module_binding (module_name) @name ":" @body module_type: (signature))) @definition.namespace
(module_type_definition (module_type_name) @name body: (signature) @body) @definition.interface

(type_binding name: (_) @name body: (_)? @body) @definition.type
(type_definition
  ["type" "nonrec" (attribute)]
  . (type_binding name: (_) @name body: (_)? @body) .) @definition.type
