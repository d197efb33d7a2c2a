; let name argument ... = ...; those inside a type are its members.
(function_or_value_defn
  (function_declaration_left [(identifier) (op_identifier) (active_pattern)] @name)
  body: (_) @body) @definition.function

; let name = fun ... -> ...
(function_or_value_defn
  (value_declaration_left . (identifier_pattern (long_identifier_or_op (identifier) @name)))
  body: (fun_expression) @body) @definition.closure

; member this.Name ... = ..., abstract Name: ...
(member_defn (method_or_prop_defn
  name: (property_or_ident (identifier) @name .) "="? @body)) @definition.method
(member_defn (method_or_prop_defn name: (property_or_ident (op_identifier) @name) "="? @body)) @definition.method
(member_defn (member_signature (identifier) @name)) @definition.method
(member_defn (additional_constr_defn "new" @name "="? @body)) @definition.constructor

(type_definition (record_type_defn (type_name type_name: (_) @name) "=" @body)) @definition.struct
(type_definition (union_type_defn (type_name type_name: (_) @name) "=" @body)) @definition.enum
; type Name = other, which the grammar takes for a union of one.
(type_definition (union_type_defn
  (type_name type_name: (_) @name)
  "=" @body
  block: (union_type_cases . (union_type_case . (identifier) .) @_only .))) @definition.type
(type_definition (enum_type_defn (type_name type_name: (_) @name) "=" @body)) @definition.enum
(type_definition (anon_type_defn (type_name type_name: (_) @name) "=" @body)) @definition.class
(type_definition (interface_type_defn (type_name type_name: (_) @name) "=" @body)) @definition.interface
(type_definition (type_abbrev_defn (type_name type_name: (_) @name) "=" @body)) @definition.type
(type_definition (delegate_type_defn (type_name type_name: (_) @name) "=" @body)) @definition.type
(exception_definition exception_name: (long_identifier (identifier) @name .)) @definition.type

; type Name with member ...
(type_definition (type_extension (type_name type_name: (_) @name))) @scope.type

(module_defn (identifier) @name "=" @body) @definition.namespace
(named_module name: (long_identifier) @name) @scope.namespace
(namespace name: (long_identifier) @name) @scope.namespace

(declaration_expression . (attributes)? . (function_or_value_defn) .) @wrapper
(attributes) @attribute
(xml_doc) @comment
