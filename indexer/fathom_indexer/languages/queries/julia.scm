; function name(...) ... end
(function_definition
  (signature [
    (identifier) @name
    (call_expression . [
      (identifier) @name
      (operator) @name
      (field_expression (identifier) .) @name
      (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
      (parenthesized_expression [
        (typed_expression (_) . [
          (identifier) @name
          (field_expression (identifier) .) @name
          (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        ])
        (unary_typed_expression [
          (identifier) @name
          (field_expression (identifier) .) @name
          (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        ])
      ])
    ])
    (typed_expression . (call_expression . [
        (identifier) @name
        (operator) @name
        (field_expression (identifier) .) @name
        (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        (parenthesized_expression [
          (typed_expression (_) . [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
          (unary_typed_expression [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
        ])
      ]))
    (binary_expression . (_) . (operator) @name . (_) .)
    (where_expression . [
      (call_expression . [
        (identifier) @name
        (operator) @name
        (field_expression (identifier) .) @name
        (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        (parenthesized_expression [
          (typed_expression (_) . [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
          (unary_typed_expression [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
        ])
      ])
      (typed_expression . (call_expression . [
          (identifier) @name
          (operator) @name
          (field_expression (identifier) .) @name
          (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          (parenthesized_expression [
            (typed_expression (_) . [
              (identifier) @name
              (field_expression (identifier) .) @name
              (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
            ])
            (unary_typed_expression [
              (identifier) @name
              (field_expression (identifier) .) @name
              (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
            ])
          ])
        ]))
      (binary_expression . (_) . (operator) @name . (_) .)
      (where_expression . (call_expression . [
        (identifier) @name
        (operator) @name
        (field_expression (identifier) .) @name
        (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        (parenthesized_expression [
          (typed_expression (_) . [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
          (unary_typed_expression [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
        ])
      ]))
    ])
  ]) . (_)? @body) @definition.function

; name(...) = ..., a ⊗ b = ...
(assignment
  . [
    (call_expression . [
      (identifier) @name
      (operator) @name
      (field_expression (identifier) .) @name
      (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
      (parenthesized_expression [
        (typed_expression (_) . [
          (identifier) @name
          (field_expression (identifier) .) @name
          (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        ])
        (unary_typed_expression [
          (identifier) @name
          (field_expression (identifier) .) @name
          (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        ])
      ])
    ])
    (typed_expression . (call_expression . [
        (identifier) @name
        (operator) @name
        (field_expression (identifier) .) @name
        (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        (parenthesized_expression [
          (typed_expression (_) . [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
          (unary_typed_expression [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
        ])
      ]))
    (binary_expression . (_) . (operator) @name . (_) .)
    (where_expression . [
      (call_expression . [
        (identifier) @name
        (operator) @name
        (field_expression (identifier) .) @name
        (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        (parenthesized_expression [
          (typed_expression (_) . [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
          (unary_typed_expression [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
        ])
      ])
      (typed_expression . (call_expression . [
          (identifier) @name
          (operator) @name
          (field_expression (identifier) .) @name
          (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          (parenthesized_expression [
            (typed_expression (_) . [
              (identifier) @name
              (field_expression (identifier) .) @name
              (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
            ])
            (unary_typed_expression [
              (identifier) @name
              (field_expression (identifier) .) @name
              (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
            ])
          ])
        ]))
      (binary_expression . (_) . (operator) @name . (_) .)
      (where_expression . (call_expression . [
        (identifier) @name
        (operator) @name
        (field_expression (identifier) .) @name
        (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
        (parenthesized_expression [
          (typed_expression (_) . [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
          (unary_typed_expression [
            (identifier) @name
            (field_expression (identifier) .) @name
            (parametrized_type_expression . [(identifier) (field_expression (identifier) .)] @name)
          ])
        ])
      ]))
    ])
  ]
  (operator) @body) @definition.function

; Base.:+(...) = ..., function Base.:(==)(...) ... end
(assignment
  . (call_expression . (field_expression
    value: (_) @receiver
    (quote_expression [(operator) @name (parenthesized_expression (operator) @name)])))
  (operator) @body) @definition.function
(function_definition
  (signature (call_expression . (field_expression
    value: (_) @receiver
    (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]))))
  . (_)? @body) @definition.function

; What a struct defines inside are its constructors.
(struct_definition (function_definition
  (signature [
    (call_expression . (identifier) @name)
    (where_expression . (call_expression . [
      (identifier) @name
      (parametrized_type_expression . (identifier) @name)
    ]))
  ]) . (_)? @body) @definition.constructor)

(struct_definition (assignment
  . [
    (call_expression . (identifier) @name)
    (where_expression . (call_expression . [
      (identifier) @name
      (parametrized_type_expression . (identifier) @name)
    ]))
  ]
  (operator) @body) @definition.constructor)

(macro_definition (signature (call_expression . (_) @name)) . (_)? @body) @definition.macro

; name = x -> ..., name = function (...) ... end
(assignment
  . (identifier) @name
  (arrow_function_expression . (_) . (_) @body)) @definition.closure

(assignment
  . (identifier) @name
  (function_definition (signature (argument_list)) . (_)? @body)) @definition.closure

(const_statement (assignment
  . (identifier)
  [(arrow_function_expression) (function_definition (signature (argument_list)))])) @wrapper

(struct_definition (type_head [
  (identifier) @name
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])
]) . (_)? @body) @definition.struct

(abstract_definition (type_head [
  (identifier) @name
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])
])) @definition.type

(primitive_definition (type_head [
  (identifier) @name
  (binary_expression . (identifier) @name)
])) @definition.type

(module_definition name: (identifier) @name . (_)? @body) @definition.namespace

; @inline function name(...) ... end
(macrocall_expression
  (macro_argument_list . [(function_definition) (struct_definition) (assignment . (call_expression))] .) @wrapper) @wrapper

; A string above a definition documents it.
((string_literal) @documentation . [
  (abstract_definition)
  (assignment)
  (const_statement)
  (function_definition)
  (macro_definition)
  (macrocall_expression)
  (module_definition)
  (primitive_definition)
  (struct_definition)
])
