(function_statement (function_name) @name "{" @body) @definition.function

; Help at the start of a function.
((function_statement (function_name) @name "{" @body (comment) @doc) @definition.function
  (#match? @doc "^<#"))

((class_statement
  . (simple_name) @_class
  (class_method_definition (simple_name) @name (script_block)? @body) @definition.constructor)
  (#eq? @_class @name))

(class_method_definition (simple_name) @name (script_block)? @body) @definition.method

(class_statement . (simple_name) @name "{" @body) @definition.class
(enum_statement . (simple_name) @name "{" @body) @definition.enum

; $name = { ... }
(assignment_expression
  (left_assignment_expression (logical_expression (bitwise_expression (comparison_expression (additive_expression
    (multiplicative_expression (format_expression (range_expression (array_literal_expression (unary_expression
      [(variable) (member_access)] @name))))))))))
  value: (pipeline (pipeline_chain . (logical_expression (bitwise_expression (comparison_expression (additive_expression
    (multiplicative_expression (format_expression (range_expression (array_literal_expression (unary_expression
      (script_block_expression) @body))))))))) .) .)) @definition.closure

; Tests, named by what they say: It "..." { ... }
((pipeline_chain . (command
  command_name: (command_name) @_test
  command_elements: (command_elements
    . (command_argument_sep)
    . [
      (array_literal_expression (unary_expression (string_literal) @name))
      (generic_token) @name
    ]
    (array_literal_expression (unary_expression (script_block_expression) @body)) .)) @definition.function .)
  (#match? @_test "^([Dd]escribe|[Cc]ontext|[Ii]t)$"))
