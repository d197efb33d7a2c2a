; resource "type" "name" { ... }
(config_file (body (block
  . (identifier)
  . [(string_lit (template_literal) @receiver) (identifier) @receiver]
  . [(string_lit (template_literal) @name) (identifier) @name]
  . (block_start) @body) @definition.object))

; variable "name" { ... }
(config_file (body (block
  . (identifier)
  . [(string_lit (template_literal) @name) (identifier) @name]
  . (block_start) @body) @definition.object))
