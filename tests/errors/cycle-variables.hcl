variable "MAJOR" {
  default = split(".", VERSION)[0]
}

variable "VERSION" {
  default = "${RELEASE}.0"
}

variable "RELEASE" {
  default = MAJOR
}
