; The equations of a function and its type signature follow each other and are one unit; so is a signature alone,
; as classes have them. What `where` and `let` bind stays in the function around it.
(declarations [
  (signature name: [(variable) (prefix_id)] @name)
  (function name: [(variable) (prefix_id)] @name match: (_)? @body)
  (function (infix operator: (operator) @name) match: (_)? @body)
  (function (infix operator: (infix_id (variable) @name)) match: (_)? @body)
  (bind name: [(variable) (prefix_id)] @name match: (_)? @body)
] @definition.function)

(class_declarations [
  (signature name: [(variable) (prefix_id)] @name)
  (function name: [(variable) (prefix_id)] @name match: (_)? @body)
  (function (infix operator: (operator) @name) match: (_)? @body)
  (function (infix operator: (infix_id (variable) @name)) match: (_)? @body)
  (bind name: [(variable) (prefix_id)] @name match: (_)? @body)
] @definition.method)

(instance_declarations [
  (signature name: [(variable) (prefix_id)] @name)
  (function name: [(variable) (prefix_id)] @name match: (_)? @body)
  (function (infix operator: (operator) @name) match: (_)? @body)
  (function (infix operator: (infix_id (variable) @name)) match: (_)? @body)
  (bind name: [(variable) (prefix_id)] @name match: (_)? @body)
] @definition.method)

(class name: (_) @name "where"? @body) @definition.class
(data_type name: (_) @name constructors: (_)? @body) @definition.type
(newtype name: (_) @name constructor: (_) @body) @definition.type
(type_synonym name: (_) @name) @definition.type
(type_family name: (_) @name closed_family: (_)? @body) @definition.type

; An instance qualifies its methods with the class and the type it is for.
(instance name: (_) @receiver patterns: (type_patterns) @name) @scope.type
