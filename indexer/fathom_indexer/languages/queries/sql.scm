(create_function (object_reference schema: (_)? @receiver name: (_) @name) (function_body)? @body) @definition.function
(create_procedure (object_reference schema: (_)? @receiver name: (_) @name) (procedure_body)? @body) @definition.function
(create_trigger . (keyword_create) (keyword_trigger) . (object_reference schema: (_)? @receiver name: (_) @name)) @definition.function

(create_table (object_reference schema: (_)? @receiver name: (_) @name) (column_definitions)? @body) @definition.struct
(create_view (object_reference schema: (_)? @receiver name: (_) @name)) @definition.type
(create_materialized_view (object_reference schema: (_)? @receiver name: (_) @name)) @definition.type
(create_type (object_reference schema: (_)? @receiver name: (_) @name)) @definition.type
