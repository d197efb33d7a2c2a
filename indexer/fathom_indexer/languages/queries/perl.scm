(subroutine_declaration_statement name: (_) @name body: (_) @body) @definition.function
(method_declaration_statement name: (_) @name body: (_) @body) @definition.method

; my $name = sub { ... }
(assignment_expression
  left: [(variable_declaration (scalar (varname) @name)) (scalar (varname) @name)]
  right: (anonymous_subroutine_expression body: (_) @body)) @definition.closure

; *name = sub { ... }
(assignment_expression
  left: (glob (varname) @name)
  right: (anonymous_subroutine_expression body: (_) @body)) @definition.closure

; package Name { ... }; the statement alone qualifies what follows it where the file begins with it.
(package_statement name: (package) @name (block) @body) @definition.namespace
(class_statement name: (package) @name (block) @body) @definition.class
(source_file . (package_statement name: (package) @name . ";")) @scope.namespace

(pod) @documentation
