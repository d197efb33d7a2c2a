(function_definition name: (name) @name) @definition.function

(method_declaration name: (name) @name) @definition.method

((method_declaration name: (name) @name) @definition.constructor
  (#eq? @name "__construct"))

; $name = function () { ... }; $name = fn () => ...;
(assignment_expression
  left: (variable_name (name) @name)
  right: [
    (anonymous_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @definition.closure

(class_declaration name: (name) @name body: (_) @body) @definition.class
(interface_declaration name: (name) @name body: (_) @body) @definition.interface
(trait_declaration name: (name) @name body: (_) @body) @definition.trait
(enum_declaration name: (name) @name body: (_) @body) @definition.enum

; $name = new class { ... };
(assignment_expression
  left: (variable_name (name) @name)
  right: (object_creation_expression (anonymous_class body: (_) @body))) @definition.object

(expression_statement (assignment_expression
  right: [
    (anonymous_function)
    (arrow_function)
    (object_creation_expression (anonymous_class))
  ])) @wrapper

; namespace Name { ... }, namespace Name;
(namespace_definition name: (namespace_name) @name body: (_)) @scope.namespace
(program (namespace_definition name: (namespace_name) @name !body)) @scope.namespace

(attribute_list) @attribute
