# WORKERS=many bakeplan plan --var DEBUG=perhaps --var NAMES_JSON={
variable "WORKERS" {
  default = 4
}

variable "DEBUG" {
  default = false
}

variable "NAMES" {
  type = list(string)
}

variable "COUNT" {
  type    = number
  default = "four"
}

variable "KIND" {
  type = nmber
}

variable "TEXT" {
  description = "for ${KIND}"
}
