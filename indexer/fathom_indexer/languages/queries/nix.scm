; name = argument: ..., name = { argument, ... }: ...; the signature has all arguments of a function of several.
(binding
  attrpath: [
    (attrpath . (_) @name .)
    (attrpath . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
  ]
  expression: (function_expression body: (_) @body)) @definition.function

(binding
  attrpath: [
    (attrpath . (_) @name .)
    (attrpath . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
  ]
  expression: (function_expression body: (function_expression
    body: (_) @body) @_second)) @definition.function

(binding
  attrpath: [
    (attrpath . (_) @name .)
    (attrpath . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
  ]
  expression: (function_expression body: (function_expression body: (function_expression
    body: (_) @body) @_third) @_second)) @definition.function

(binding
  attrpath: [
    (attrpath . (_) @name .)
    (attrpath . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
  ]
  expression: (function_expression body: (function_expression body: (function_expression body: (function_expression
    body: (_) @body) @_fourth) @_third) @_second)) @definition.function

; A set of attributes qualifies what is in it, also as the argument of a function.
(binding
  attrpath: [
    (attrpath . (_) @name .)
    (attrpath . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
    (attrpath . (_) @receiver . (_) @receiver . (_) @receiver . (_) @receiver . (_) @name .)
  ]
  expression: [
    (attrset_expression)
    (rec_attrset_expression)
    (apply_expression argument: [(attrset_expression) (rec_attrset_expression)])
  ]) @scope.namespace
