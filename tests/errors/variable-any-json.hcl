# ANYTHING_JSON={} bakeplan print
variable "ANYTHING" {
  type = any
}
