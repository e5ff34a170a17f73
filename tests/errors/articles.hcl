# OBJECT=x LIST=y bakeplan print
variable "OBJECT" {
  default = { a = 1 }
}
variable "LIST" {
  default = ["a"]
}
variable "ANY" {
  type    = object({ a = string })
  default = "b"
}
variable "NUMBER" {
  type    = number
  default = { a = 1 }
}
target "default" {}
