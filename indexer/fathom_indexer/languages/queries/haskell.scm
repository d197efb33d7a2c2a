; The equations of a function and its type signature follow each other and are one unit; so are signatures alone,
; in classes. What `where` and `let` bind stays in the function around it.
(declarations [
  (signature name: (variable) @name)
  (signature name: (prefix_id (operator) @name))
  (function name: (variable) @name match: (_) @body)
  (function (infix operator: (operator) @name) match: (_) @body)
  (function (infix operator: (infix_id (variable) @name)) match: (_) @body)
  (bind name: (variable) @name match: (_) @body)
] @definition.function)

(class_declarations [
  (signature name: (variable) @name)
  (signature name: (prefix_id (operator) @name))
  (function name: (variable) @name match: (_) @body)
  (function (infix operator: (operator) @name) match: (_) @body)
  (function (infix operator: (infix_id (variable) @name)) match: (_) @body)
  (bind name: (variable) @name match: (_) @body)
] @definition.method)

(instance_declarations [
  (signature name: (variable) @name)
  (signature name: (prefix_id (operator) @name))
  (function name: (variable) @name match: (_) @body)
  (function (infix operator: (operator) @name) match: (_) @body)
  (function (infix operator: (infix_id (variable) @name)) match: (_) @body)
  (bind name: (variable) @name match: (_) @body)
] @definition.method)

(class name: (name) @name "where" @body) @definition.class
(class name: (name) @name !declarations) @definition.class

(data_type name: (name) @name) @definition.type
(newtype name: (name) @name) @definition.type
(type_synonym name: (name) @name) @definition.type
(type_family name: (name) @name) @definition.type

; An instance qualifies its methods with the type it is for.
(instance
  patterns: (type_patterns . [
    (name) @name
    (apply constructor: (name) @name)
    (parens type: (apply constructor: (name) @name))
    (parens type: (apply constructor: (apply constructor: (name) @name)))
  ])) @scope.type
