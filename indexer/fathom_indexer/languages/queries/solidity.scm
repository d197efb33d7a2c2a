; Functions; those inside a contract become methods by nesting.
(function_definition name: (identifier) @name body: (_)? @body) @definition.function
(modifier_definition name: (identifier) @name body: (_)? @body) @definition.function
(constructor_definition "constructor" @name body: (_) @body) @definition.constructor
(fallback_receive_definition ["fallback" "receive" "function"] @name body: (_)? @body) @definition.method
(yul_function_definition . (yul_identifier) @name) @definition.function

(contract_declaration name: (identifier) @name body: (_) @body) @definition.class
(library_declaration name: (identifier) @name body: (_) @body) @definition.class
(interface_declaration name: (identifier) @name body: (_) @body) @definition.interface
(struct_declaration name: (identifier) @name body: (_) @body) @definition.struct
(enum_declaration name: (identifier) @name body: (_) @body) @definition.enum

(error_declaration name: (identifier) @name) @definition.type
(event_definition name: (identifier) @name) @definition.type
(user_defined_type_definition name: (identifier) @name) @definition.type
