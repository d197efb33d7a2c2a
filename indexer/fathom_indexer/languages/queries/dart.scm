; The grammar has bodies beside the signatures that they belong to.
(program [
  (function_signature name: (identifier) @name)
  (getter_signature name: (identifier) @name)
  (setter_signature name: (identifier) @name)
] @definition.function
  . (function_body)? @definition.function @body)

(local_function_declaration (lambda_expression
  parameters: (function_signature name: (identifier) @name)
  body: (_) @body)) @definition.function

; Members.
((method_signature [
  (function_signature name: (identifier) @name)
  (getter_signature name: (identifier) @name)
  (setter_signature name: (identifier) @name)
  (operator_signature "operator" @name . _ @name)
]) @definition.method
  . (function_body)? @definition.method @body)

(declaration [
  (function_signature name: (identifier) @name)
  (getter_signature name: (identifier) @name)
  (setter_signature name: (identifier) @name)
  (operator_signature "operator" @name . _ @name)
]) @definition.method

; `Name(...)` and `Name.other(...)`, the latter called by what tells it from the former.
((method_signature [
  (constructor_signature (identifier) @name . (formal_parameter_list))
  (constant_constructor_signature (identifier) @name . (formal_parameter_list))
  (factory_constructor_signature (identifier) @name . (formal_parameter_list))
]) @definition.constructor
  . (function_body)? @definition.constructor @body)

(declaration [
  (constructor_signature (identifier) @name . (formal_parameter_list))
  (constant_constructor_signature (identifier) @name . (formal_parameter_list))
  (factory_constructor_signature (identifier) @name . (formal_parameter_list))
  (redirecting_factory_constructor_signature (identifier) @name . (formal_parameter_list))
]) @definition.constructor

(class_definition name: (identifier) @name body: (_) @body) @definition.class
(mixin_declaration (identifier) @name (class_body) @body) @definition.trait
(enum_declaration name: (identifier) @name body: (_) @body) @definition.enum
(extension_declaration name: (identifier) @name body: (_) @body) @definition.class
(extension_type_declaration name: (identifier) @name body: (_) @body) @definition.class
(type_alias . (type_identifier) @name . "=") @definition.type
(type_alias (type_identifier) @name . (formal_parameter_list)) @definition.type

; final name = (...) => ..., var name = (...) { ... }; at the top level the first word stands beside the rest.
([(final_builtin) (const_builtin) (inferred_type)] @definition.closure
  . (_ . (_ . (identifier) @name (function_expression body: (_) @body) .) .) @definition.closure)
(initialized_identifier . (identifier) @name (function_expression body: (_) @body) .) @definition.closure
(initialized_variable_definition
  name: (identifier) @name
  value: (function_expression body: (_) @body)) @definition.closure

(declaration (initialized_identifier_list . (initialized_identifier (function_expression)) .) @wrapper) @wrapper
(local_variable_declaration (initialized_variable_definition value: (function_expression))) @wrapper

(annotation) @attribute
