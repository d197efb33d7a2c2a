(function_declaration name: [
  (identifier) @name
  (dot_index_expression table: (_) @receiver field: (identifier) @name)
]) @definition.function
(function_declaration name: (method_index_expression
  table: (_) @receiver
  method: (identifier) @name)) @definition.method

; name = function (...) ... end, M.name = function (...) ... end, M["name"] = function (...) ... end, M[key] = ...
(assignment_statement
  (variable_list . name: [
    (identifier) @name
    (dot_index_expression table: (_) @receiver field: (identifier) @name)
    (bracket_index_expression table: (_) @receiver field: (string) @name)
    (bracket_index_expression
      table: (_) @receiver
      "[" @name
      field: [(identifier) (number) (dot_index_expression) (bracket_index_expression)]
      "]" @name)
  ] .)
  (expression_list . value: (function_definition body: (block)? @body) .)) @definition.closure

; name = wrap(..., function (...) ... end)
(assignment_statement
  (variable_list . name: [
    (identifier) @name
    (dot_index_expression table: (_) @receiver field: (identifier) @name)
  ] .)
  (expression_list . value: (function_call
    arguments: (arguments (function_definition body: (block)? @body) .)) .)) @definition.closure

; local name = function (...) ... end
(variable_declaration
  (assignment_statement
    (variable_list . name: (_) @name .)
    (expression_list . value: (function_definition body: (block)? @body) .))) @definition.closure

; local name = wrap(..., function (...) ... end)
(variable_declaration
  (assignment_statement
    (variable_list . name: (identifier) @name .)
    (expression_list . value: (function_call
      arguments: (arguments (function_definition body: (block)? @body) .)) .))) @definition.closure

; { name = function (...) ... end }
(field
  name: [(identifier) (string)] @name
  value: (function_definition body: (block)? @body)) @definition.closure

; { [key] = function (...) ... end }
(field
  "[" @name
  name: [(identifier) (number) (dot_index_expression) (bracket_index_expression)]
  "]" @name
  value: (function_definition body: (block)? @body)) @definition.closure

; A table qualifies the functions in it.
(assignment_statement
  (variable_list . name: [(identifier) (dot_index_expression)] @name .)
  (expression_list . value: (table_constructor) .)) @scope.namespace

(field
  name: [(identifier) (string)] @name
  value: (table_constructor)) @scope.namespace
